using System.CommandLine;
using System.Text.Json;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Runs;
using VisionMamba.Tensors.Files;
using VisionMamba.Training;

namespace VisionMamba.Cli.Studies;

/// <summary>
/// One run of a series: a folder below the series' and the flags that make it differ from the others.
/// </summary>
internal sealed record SeriesRun(string Name, IReadOnlyList<string> Arguments);

/// <summary>
/// Several runs of svp train that belong together: seeds, or the trials of svp tune. They are written to study.json
/// before the first begins, so that what is interrupted goes on: finished runs are skipped, a begun one is resumed, the
/// others follow. (What svp study compares is planned in Comparison.)
/// </summary>
/// <param name="Kind">seeds or tune.</param>
/// <param name="Common">The flags that all runs share.</param>
/// <param name="Runs">The runs in order.</param>
internal sealed record RunSeries(string Kind, IReadOnlyList<string> Common, IReadOnlyList<SeriesRun> Runs)
{
    private const string FileName = "study.json";

    private static readonly string[] s_files = ["--data", "--backbone", "--teacher", "--resume-from"];

    public static bool Exists(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>
    /// The flags of svp train that the user gave, but for those in <paramref name="except"/>. Files are named in full:
    /// a study may go on from another folder.
    /// </summary>
    public static IReadOnlyList<string> Given(ParseResult parsed, params string[] except) =>
        GivenFlags.Of(
            parsed, name => !except.Contains(name),
            (name, value) => s_files.Contains(name) || (name == "--recipe" && File.Exists(value))
                ? Path.GetFullPath(value) : value);

    public static RunSeries Open(string folder, string kind)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            throw new VisionMambaException(
                $"{path}: no such file; --resume needs the --output folder of an earlier study");
        try
        {
            RunSeries series = RunJson.ReadSeries(File.ReadAllText(path));
            if (series.Runs.Contains(null!) || series.Common.Contains(null!))
                throw new JsonException("a run or a flag is null");
            return series.Kind == kind ? series : throw new VisionMambaException(
                $"{path}: is a study of kind '{series.Kind}'; "
                + $"resume it with {(kind == "tune" ? "svp train" : "svp tune")}");
        }
        catch (JsonException e)
        {
            throw new VisionMambaException($"{path}: is damaged ({e.Message})", e);
        }
    }

    /// <summary>Writes study.json into a folder that must not hold a run or a study yet.</summary>
    public void Begin(string folder)
    {
        TrainingRun.CheckNew(folder);
        AtomicFile.WriteText(
            Path.Combine(folder, FileName), RunJson.Write(this).ToJsonString(JsonOutput.Options));
    }

    /// <summary>
    /// Runs what is not finished yet. False when it was interrupted. With <paramref name="keepGoing"/> a run that
    /// diverges is
    /// recorded as failed and the others follow.
    /// </summary>
    public bool Run(string folder, IReadOnlyList<string> device, bool keepGoing)
    {
        for (int i = 0; i < Runs.Count; i++)
        {
            SeriesRun run = Runs[i];
            string path = Path.Combine(folder, run.Name), result = Path.Combine(path, "result.json");
            Console.Error.WriteLine($"[{i + 1}/{Runs.Count}] {run.Name} {string.Join(' ', run.Arguments)}"
                + (File.Exists(result) ? " (finished before)" : ""));
            if (File.Exists(result))
                continue;
            string[] arguments = File.Exists(Path.Combine(path, "run.json"))
                ? ["train", "--output", path, "--resume", "--quiet", .. device]
                : ["train", .. Common, .. run.Arguments, "--output", path, "--quiet", .. device];
            try
            {
                if (App.Invoke(arguments) != 0)
                    return false;
            }
            catch (Exception) when (i == 0 && !File.Exists(Path.Combine(path, "run.json")))
            {
                // Its flags or files are at fault: nothing was begun, so nothing is left that would be in the way.
                Forget(folder);
                throw;
            }
            catch (DivergedException e) when (keepGoing)
            {
                Console.Error.WriteLine($"{run.Name}: {e.Message}");
                AtomicFile.WriteText(
                    result, new System.Text.Json.Nodes.JsonObject { ["failed"] = e.Message }.ToJsonString(
                    JsonOutput.Options));
            }
        }

        return true;
    }

    private static void Forget(string folder)
    {
        File.Delete(Path.Combine(folder, FileName));
        if (!Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }
}

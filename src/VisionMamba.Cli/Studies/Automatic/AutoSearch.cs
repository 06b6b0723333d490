using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Runs;
using VisionMamba.Cli.Studies.Comparison;
using VisionMamba.Data.Datasets;
using VisionMamba.Tensors.Files;
using VisionMamba.Training;

namespace VisionMamba.Cli.Studies.Automatic;

/// <summary>
/// Runs the comparison of --method auto in a run's folder: auto/plan.json before the first run, a folder for every
/// run, auto.json with the table and the choice at the end; then the chosen method trains in the folder itself. It goes
/// on where it stopped.
/// </summary>
internal sealed class AutoSearch(string folder, IReadOnlyList<string> device, bool json)
{
    private static string PlanFile(string folder) => Path.Combine(folder, "auto", "plan.json");

    /// <summary>Whether the folder holds a comparison whose chosen method has not begun to train.</summary>
    public static bool IsBegun(string folder) =>
        File.Exists(PlanFile(folder)) && !File.Exists(Path.Combine(folder, "run.json"));

    public static void Begin(AutoPlan plan, string folder)
    {
        if (File.Exists(PlanFile(folder)))
            throw new VisionMambaException(
                $"--output {folder}: already holds a comparison; give another folder, or --resume to go on with it");
        AtomicFile.WriteText(PlanFile(folder), JsonSerializer.Serialize(plan, StudyTypes.Strict.AutoPlan));
    }

    public int Run(MethodFlags flags)
    {
        AutoPlan plan = Read();
        AutoArm? chosen;
        using (RunLock.Take(Path.Combine(folder, "auto")))
        using (KeptImages.Hold(KeptBytes(plan)))
        {
            if (Compare(plan, flags) is not { } rounds)
            {
                Console.Error.WriteLine($"the comparison goes on with: {ShellWords.Resume("train", folder)}");
                return 1;
            }

            chosen = rounds[^1].Trials[0].Failed is null ? rounds[^1].Trials[0].Arm : throw new VisionMambaException(
                $"--output {folder}: every method diverged; try a lower --lr");
            string[] command = Command(plan, chosen, flags);
            JsonObject report = AutoTable.Report(plan, rounds, chosen, command);
            AtomicFile.WriteText(Path.Combine(folder, "auto.json"), report.ToJsonString(JsonOutput.Options));
            AutoTable.Print(report, json ? Console.Error : Console.Out);
        }

        return App.Invoke([.. Command(plan, chosen, flags), .. json ? ["--json"] : Array.Empty<string>(), .. device]);
    }

    /// <summary>What is kept of each part's pictures from trial to trial.</summary>
    internal static long KeptBytes(AutoPlan plan) =>
        plan.Given.Contains("--memory-limit") ? 0 : CachedImageSource.DefaultBudget;

    /// <summary>The rounds, each with its arms best first; null when interrupted.</summary>
    private List<AutoRoundResult>? Compare(AutoPlan plan, MethodFlags flags)
    {
        var rounds = new List<AutoRoundResult>();
        IReadOnlyList<AutoArm> arms = plan.Arms;
        while (true)
        {
            AutoRound round = plan.Round(arms);
            var trials = new List<AutoTrial>();
            for (int i = 0; i < arms.Count; i++)
            {
                string run = Path.Combine(folder, "auto", $"round-{rounds.Count + 1}", arms[i].Name);
                Console.Error.WriteLine($"auto: round {rounds.Count + 1} of {plan.Rounds}, {i + 1} of {arms.Count}: "
                    + $"{arms[i].Name}");
                if (Trial(plan, arms[i], round, run, flags) is not { } trial)
                    return null;
                trials.Add(trial);
            }

            rounds.Add(new AutoRoundResult(round, AutoTrial.Ordered(trials)));
            if (rounds.Count == plan.Rounds || rounds[^1].Trials.All(t => t.Failed is not null))
                return rounds;
            arms = [.. rounds[^1].Trials.Where(t => t.Failed is null).Take(AutoPlan.Next(arms.Count))
                .Select(t => t.Arm)];
        }
    }

    private AutoTrial? Trial(AutoPlan plan, AutoArm arm, AutoRound round, string run, MethodFlags flags)
    {
        string result = Path.Combine(run, "result.json");
        if (!File.Exists(result))
        {
            bool begun = File.Exists(Path.Combine(run, "run.json"));
            Directory.CreateDirectory(run);
            string[] line = begun ? ["train", "--resume"]
                : ["train", .. plan.Trial(arm, round, flags.Without(plan.Given, arm.Method))];
            using var progress = new AutoProgress(arm.Name);
            try
            {
                if (RunConsole.Run(
                    [.. line, "--output", run, "--quiet", .. device], Path.Combine(run, "console.log"),
                    progress) != 0)
                    return null;
            }
            catch (DivergedException e)
            {
                AtomicFile.WriteText(
                    result, new JsonObject { ["failed"] = e.Message }.ToJsonString(JsonOutput.Options));
            }
        }

        foreach (string model in Directory.EnumerateFiles(run, "*.safetensors"))
            File.Delete(model);
        return AutoTrial.Of(arm, RunRecord.Open(run));
    }

    private string[] Command(AutoPlan plan, AutoArm chosen, MethodFlags flags) =>
        ["train", .. flags.Without(plan.Given, chosen.Method), .. chosen.Flags, "--output", folder];

    private AutoPlan Read()
    {
        string path = PlanFile(folder);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), StudyTypes.Strict.AutoPlan)
                ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new VisionMambaException($"{path}: is damaged ({e.Message})", e);
        }
    }
}

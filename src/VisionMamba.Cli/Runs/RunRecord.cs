using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Training;
using VisionMamba.Training.Schedules;

namespace VisionMamba.Cli.Runs;

/// <summary>A row of log.csv.</summary>
internal sealed record EpochRow(
    int Epoch, double LearningRate, double TrainLoss, double ValidationLoss, double ValidationTop1,
    double ValidationTop5, double Seconds)
{
    /// <summary>Validation top-1 of the averaged weights; null without an average.</summary>
    public double? AverageTop1 { get; init; }
}

/// <summary>A line of steps.jsonl.</summary>
internal sealed record StepRow(long Step, int Epoch, double LearningRate, double Loss, double GradientNorm);

/// <summary>What a run's folder tells: run.json, log.csv, steps.jsonl and, when it is finished, result.json.</summary>
internal sealed class RunRecord
{
    private const string AverageColumn = "ema_validation_top1";

    private RunRecord(string folder, JsonObject settings, IReadOnlyList<EpochRow> epochs, JsonObject? result) =>
        (Folder, Settings, Epochs, Result) = (folder, settings, epochs, IsOld(result, epochs) ? null : result);

    public string Folder { get; }

    /// <summary>run.json.</summary>
    public JsonObject Settings { get; }

    public IReadOnlyList<EpochRow> Epochs { get; }

    /// <summary>result.json; null while the run is not finished, or goes on beyond the epochs it is of.</summary>
    public JsonObject? Result { get; }

    public EpochRow? Last => Epochs.Count == 0 ? null : Epochs[^1];

    /// <summary>The first of the epochs with the highest validation top-1, as the trainer chooses it.</summary>
    public EpochRow? Best => Epochs.MaxBy(e => e.ValidationTop1);

    /// <summary>Epochs of the whole run: all cycles of the schedule and its cooldown.</summary>
    public long PlannedEpochs =>
        (long)LearningRates.Length(OptionsJson.Read(Settings["options"] as JsonObject ?? []));

    /// <summary>finished, unfinished, or failed: a trial that diverged has a result that says why.</summary>
    public string State => Result is null ? "unfinished" : Result["failed"] is not null ? "failed" : "finished";

    public string Method => (string?)Settings["method"]?["name"] ?? "?";

    public string Data => Path.GetFileName(
        Path.TrimEndingDirectorySeparator((string?)Settings["data"]?[nameof(RunData.Folder)] ?? "?"));

    public long TrainableParameters => (long?)Settings["trainable_parameters"] ?? 0;

    /// <summary>When the run was begun, local time.</summary>
    public DateTime Started => DateTimeOffset.TryParse(
        (string?)Settings["started"], CultureInfo.InvariantCulture, out DateTimeOffset at)
        ? at.LocalDateTime : File.GetLastWriteTime(Path.Combine(Folder, "run.json"));

    /// <summary>The run in <paramref name="folder"/>.</summary>
    /// <exception cref="VisionMambaException">There is none, or its files are damaged.</exception>
    public static RunRecord Open(string folder)
    {
        string settings = Path.Combine(folder, "run.json");
        if (!File.Exists(settings))
            throw new VisionMambaException(
                $"{folder}: holds no run (no run.json); give the --output folder of svp train");
        string result = Path.Combine(folder, "result.json");
        var run = new RunRecord(
            folder, Json(settings), ReadEpochs(Path.Combine(folder, "log.csv")), File.Exists(result) ? Json(result)
                : null);
        run.Check(settings);
        return run;
    }

    /// <summary>
    /// All runs in <paramref name="folder"/> and below, by path; one that is damaged is told to
    /// <paramref name="damaged"/>.
    /// </summary>
    public static IReadOnlyList<RunRecord> Below(string folder, Action<string> damaged)
    {
        if (!Directory.Exists(folder))
            throw new VisionMambaException($"{folder}: no such folder; give the one that holds your runs");
        var runs = new List<RunRecord>();
        foreach (string file in Directory.EnumerateFiles(folder, "run.json", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal))
        {
            try
            {
                runs.Add(Open(Path.GetDirectoryName(file)!));
            }
            catch (VisionMambaException e)
            {
                damaged(e.Message);
            }
        }

        return runs;
    }

    /// <summary>The steps logged so far; a line that a killed run left unfinished is not counted.</summary>
    public IReadOnlyList<StepRow> ReadSteps()
    {
        string path = Path.Combine(Folder, RunLog.StepsName);
        if (!File.Exists(path))
            return [];
        string[] lines = Lines(path);
        var steps = new List<StepRow>(lines.Length);
        for (int i = 0; i < lines.Length; i++)
        {
            try
            {
                JsonNode row = JsonNode.Parse(lines[i])!;
                steps.Add(new StepRow(
                    (long)row["step"]!, (int)row["epoch"]!, (double)row["learning_rate"]!, (double)row["loss"]!, (
                        double)row["gradient_norm"]!));
            }
            catch (Exception e) when (
                e is JsonException or InvalidOperationException or NullReferenceException or ArgumentNullException)
            {
                if (i < lines.Length - 1)
                {
                    throw new VisionMambaException(
                        $"{path}: line {i + 1} is damaged; it lacks a number of the step", e);
                }
            }
        }

        return steps;
    }

    // Reads all that is shown once, so that what is damaged is found here.
    private void Check(string settings)
    {
        try
        {
            if (Settings["verb"] is null || Settings["options"] is null || Settings["data"] is null)
                throw new InvalidOperationException("verb, options or data is missing");
            _ = (PlannedEpochs, Method, Data, TrainableParameters, Started);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or JsonException)
        {
            throw new VisionMambaException($"{settings}: is damaged ({e.Message})", e);
        }
    }

    private static JsonObject Json(string path)
    {
        try
        {
            return (JsonObject)JsonNode.Parse(File.ReadAllText(path))!;
        }
        catch (Exception e) when (e is JsonException or InvalidCastException or NullReferenceException)
        {
            throw new VisionMambaException($"{path}: is damaged ({e.Message})", e);
        }
    }

    /// <summary>The lines of a file that a run may be writing.</summary>
    private static string[] Lines(string path)
    {
        using var file = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file);
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
            lines.Add(line);
        return [.. lines];
    }

    private static bool IsOld(JsonObject? result, IReadOnlyList<EpochRow> epochs) =>
        epochs.Count > 0 && (int?)result?["epochs"] < epochs[^1].Epoch;

    private static List<EpochRow> ReadEpochs(string path)
    {
        if (!File.Exists(path))
            return [];
        string[] lines = Lines(path);
        string[] header = lines.Length == 0 ? [] : lines[0].Split(',');
        var rows = new List<EpochRow>();
        for (int i = 1; i < lines.Length; i++)
        {
            string[] cells = lines[i].Split(',');
            double Cell(string column)
            {
                int at = Array.IndexOf(header, column);
                return at >= 0 && at < cells.Length && double.TryParse(
                    cells[at], CultureInfo.InvariantCulture, out double value)
                    ? value : throw new VisionMambaException($"{path}: line {i + 1} has no number for {column}");
            }

            rows.Add(new EpochRow(
                (int)Cell("epoch"), Cell("learning_rate"), Cell("train_loss"), Cell("validation_loss"),
                Cell("validation_top1"), Cell("validation_top5"), Cell("seconds"))
            {
                AverageTop1 = header.Contains(AverageColumn) ? Cell(AverageColumn) : null,
            });
        }

        return rows;
    }
}

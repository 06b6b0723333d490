using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>A finished run of a study: all that the report needs, in a small file of its own.</summary>
internal sealed record StudyRecord
{
    public required string Study { get; init; }

    public required string Task { get; init; }

    public required string Group { get; init; }

    /// <summary>The method's name in the study.</summary>
    public required string Method { get; init; }

    /// <summary>The method whose setting is swept, the setting and its value; null for a method of its own.</summary>
    public string? SweepOf { get; init; }

    public string? SweepKey { get; init; }

    public string? SweepValue { get; init; }

    /// <summary>The method's own values of the settings that are swept.</summary>
    public IReadOnlyDictionary<string, string> Swept { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the run only tuned the learning rate: the test images were not read.</summary>
    public required bool Tuning { get; init; }

    public required double LearningRate { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>The grid that the learning rate was chosen from, here or by the method whose rate is taken.</summary>
    public required IReadOnlyList<double> Grid { get; init; }

    /// <summary>Flags of svp train, without those of one machine.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The content hash of the backbone.</summary>
    public required string Backbone { get; init; }

    /// <summary>Why there is no result; null for a run that has one.</summary>
    public string? Failed { get; init; }

    public long TrainableParameters { get; init; }

    /// <summary>Share of right answers of the last epoch's model.</summary>
    public double? ValidationTop1 { get; init; }

    public double? ValidationLoss { get; init; }

    public double? TestTop1 { get; init; }

    public int TrainImages { get; init; }

    public int ValidationImages { get; init; }

    public int? TestImages { get; init; }

    public double? ImagesPerSecond { get; init; }

    /// <summary>Wall-clock time of a training step in this run, with whatever else the machine did.</summary>
    public double? SecondsPerStep { get; init; }

    /// <summary>Peak of a step's activations and their gradients.</summary>
    public long? StepPeakBytes { get; init; }

    public double Seconds { get; init; }

    public string Finished { get; init; } = "";

    /// <summary>The run's run.json: the whole configuration, versions and device.</summary>
    public JsonObject? Run { get; init; }

    /// <summary>The record in this file; null where there is none yet.</summary>
    /// <exception cref="VisionMambaException">It is damaged.</exception>
    public static StudyRecord? Read(string path)
    {
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize(File.ReadAllText(path), StudyTypes.Strict.StudyRecord)
                    ?? throw new JsonException("it is null")
                : null;
        }
        catch (JsonException e)
        {
            throw new VisionMambaException(
                $"{path}: is damaged ({e.Message}); delete it to have the run done again", e);
        }
    }

    public void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this with
    {
        Finished = DateTimeOffset.Now.ToString("O", CultureInfo.InvariantCulture),
    }, StudyTypes.Strict.StudyRecord));
}

using System.CommandLine;
using VisionMamba.Data.Datasets;

namespace VisionMamba.Cli.Verbs;

/// <summary>Which images: --data, --data-set and their limits.</summary>
internal sealed class DataFlags
{
    public Option<string> Data { get; } = new("--data") { Description = "folder of the data set", HelpName = "DIR" };

    public Option<string?> DataSet { get; } = new("--data-set")
    {
        Description = $"layout of the data set: {string.Join(", ", DatasetLoader.Names)} (default: found out)",
    };

    public Option<double> ValidationFraction { get; } = new("--validation-fraction")
    {
        Description = "share held out for validation where the data set has none",
        DefaultValueFactory = _ => 0.2,
    };

    public Option<int?> MaxClasses { get; } = new("--max-classes") { Description = "use only the first N classes" };

    public Option<int?> MaxImages { get; } = new("--max-images") { Description = "at most N training images a class" };

    public IEnumerable<Option> All => [Data, DataSet, ValidationFraction, MaxClasses, MaxImages];

    public static DatasetSplits Load(RunData data) => DatasetLoader.Load(data.Folder, data.DataSet, new DatasetOptions
    {
        ValidationFraction = data.ValidationFraction,
        Seed = data.SplitSeed,
        MaxClasses = data.MaxClasses,
        MaxImagesPerClass = data.MaxImages,
    });

    public RunData Read(ParseResult parsed, ulong seed) => new(
        parsed.GetValue(Data) ?? throw new UsageException("--data DIR is missing"), parsed.GetValue(DataSet),
        parsed.GetValue(ValidationFraction), parsed.GetValue(MaxClasses), parsed.GetValue(MaxImages), seed);
}

/// <summary>Everything that decides which images a run sees; part of run.json.</summary>
internal sealed record RunData(
    string Folder, string? DataSet, double ValidationFraction, int? MaxClasses, int? MaxImages, ulong SplitSeed);

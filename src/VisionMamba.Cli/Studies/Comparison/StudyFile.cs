using System.Text.Json;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>A data set that methods are compared on.</summary>
/// <param name="Name">What it is called in tables and folders.</param>
/// <param name="Group">Tasks of a group share a mean in the report.</param>
/// <param name="Data">Its folder; null where it is rendered or comes from --data NAME=DIR.</param>
/// <param name="Options">Flags of svp train that hold for this task.</param>
internal sealed record StudyTask(
    string Name, string Group, string? Data, IReadOnlyDictionary<string, JsonElement> Options);

/// <summary>A setting whose values are compared, on top of a method's own.</summary>
/// <param name="Of">The method that is varied.</param>
/// <param name="Key">The setting.</param>
/// <param name="Value">Its value here.</param>
internal sealed record SweepPoint(string Of, string Key, string Value);

/// <summary>A way to adapt, with all its settings.</summary>
/// <param name="Name">What it is called in tables and folders.</param>
/// <param name="Method">The value of --method.</param>
/// <param name="Options">Flags of svp train that hold for this method.</param>
/// <param name="Tasks">The tasks it is tried on; null for all.</param>
/// <param name="Sweep">Where it stands in a sweep; null for a method of its own.</param>
internal sealed record StudyMethod(
    string Name, string Method, IReadOnlyDictionary<string, JsonElement> Options, IReadOnlyList<string>? Tasks,
    SweepPoint? Sweep)
{
    /// <summary>Sweeps whose setting has this method's own value as one of their points.</summary>
    public IReadOnlyList<string> SweptKeys { get; init; } = [];
}

/// <summary>
/// Which methods are compared on which tasks and how: a JSON file beside the recipes. Every method is tuned over the
/// same learning rates on the validation images and then measured with every seed on the test images.
/// </summary>
internal sealed record StudyFile(string Path, string Name)
{
    /// <summary>One line for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>What a reader should know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The checkpoint, "demo" for the shipped one; null where --backbone must say.</summary>
    public string? Backbone { get; init; }

    public required IReadOnlyList<StudyTask> Tasks { get; init; }

    /// <summary>The methods, those of sweeps after those that they vary.</summary>
    public required IReadOnlyList<StudyMethod> Methods { get; init; }

    /// <summary>The grid of --lr.</summary>
    public required IReadOnlyList<double> Rates { get; init; }

    /// <summary>How many more rates may be tried beyond an end of the grid where the best one stands there.</summary>
    public int RatesBeyond { get; init; }

    /// <summary>
    /// How many standard errors of the best rate's validation top-1 an end of the grid may be below it and still let
    /// the next one be tried; 0 where it must be the best itself.
    /// </summary>
    public double BeyondWithin { get; init; }

    /// <summary>Whether a point of a sweep takes the rate that its method chose on the task and tunes none.</summary>
    public bool SweepsTakeRate { get; init; }

    /// <summary>Seeds of the measured runs; learning rates are tuned with the first.</summary>
    public required IReadOnlyList<ulong> Seeds { get; init; }

    /// <summary>Decides which images are drawn or rendered; the same for all seeds.</summary>
    public ulong SplitSeed { get; init; }

    /// <summary>Flags of svp train that hold for all runs.</summary>
    public required IReadOnlyDictionary<string, JsonElement> Options { get; init; }

    /// <summary>The folder of the studies that come with the product.</summary>
    private static string Folder { get; } = System.IO.Path.Combine(Recipes.Recipe.Folder, "studies");

    /// <summary>The study in this file, or the shipped one of this name.</summary>
    /// <exception cref="UsageException">There is no such study.</exception>
    /// <exception cref="VisionMambaException">The file is not a study.</exception>
    public static StudyFile Load(string nameOrFile)
    {
        if (File.Exists(nameOrFile))
            return StudyFileReader.Read(nameOrFile);
        string[] shipped = !Directory.Exists(Folder) ? [] : [.. Directory.EnumerateFiles(Folder, "*.json")
            .Where(f => !f.EndsWith(".schema.json", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        return shipped.FirstOrDefault(f => System.IO.Path.GetFileNameWithoutExtension(f) == nameOrFile) is { } known
            ? StudyFileReader.Read(known)
            : throw new UsageException(
                $"{nameOrFile}: no such file and no study of this name; the studies are "
                + string.Join(", ", shipped.Select(System.IO.Path.GetFileNameWithoutExtension)));
    }

    /// <summary>A path that counts from the file's folder.</summary>
    public string Relative(string path) => System.IO.Path.GetFullPath(
        System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!, path));
}

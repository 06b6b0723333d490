namespace VisionMamba.Cli.Runs;

/// <summary>Everything that decides which images a run sees; part of run.json.</summary>
internal sealed record RunData(
    string Folder, string? DataSet, double ValidationFraction, int? MaxClasses, int? MaxImages, ulong SplitSeed)
{
    public double? TrainFraction { get; init; }

    public double? TrainPercent { get; init; }

    public string SelectOn { get; init; } = "validation";

    public bool TrainOnValidation { get; init; }

    public int? Partition { get; init; }

    public string? InatCategory { get; init; }

    public string OnBadImage { get; init; } = "fail";

    public bool TestAtEnd { get; init; } = true;

    public string? Sample { get; init; }

    public int? MaxTest { get; init; }

    public int? RenderSize { get; init; }
}

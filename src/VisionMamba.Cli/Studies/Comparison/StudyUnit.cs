using System.Globalization;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>One run of a study: a learning rate being tuned, or a seed being measured.</summary>
/// <param name="Task">The task.</param>
/// <param name="Method">The method.</param>
/// <param name="Rate">The learning rate being tuned; null for a seed, which takes the cell's chosen one.</param>
/// <param name="Seed">The seed.</param>
internal sealed record StudyUnit(StudyTask Task, StudyMethod Method, double? Rate, ulong Seed)
{
    /// <summary>Folder and record of the run, below the study's, without an ending.</summary>
    public string Id => $"{Task.Name}/{Method.Name}/" + (Rate is { } rate
        ? $"lr-{Number(rate)}" : $"seed-{Seed.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>A number as a flag and a folder have it.</summary>
    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>One method on one task.</summary>
/// <param name="Task">The task.</param>
/// <param name="Method">The method.</param>
/// <param name="Tuning">
/// A run for every learning rate of the grid; empty where there is only one, or another cell's is taken.
/// </param>
/// <param name="Seeds">A run for every seed.</param>
internal sealed record StudyCell(
    StudyTask Task, StudyMethod Method, IReadOnlyList<StudyUnit> Tuning, IReadOnlyList<StudyUnit> Seeds)
{
    /// <summary>Runs with rates below the grid and above it, in the order in which they would be tried.</summary>
    public IReadOnlyList<StudyUnit> Below { get; init; } = [];

    /// <inheritdoc cref="Below"/>
    public IReadOnlyList<StudyUnit> Above { get; init; } = [];

    /// <summary>
    /// The cell whose chosen rate this one takes, which then tunes none; null where it chooses its own.
    /// </summary>
    public StudyCell? RateFrom { get; init; }

    /// <summary>The runs that are made in any case.</summary>
    public IEnumerable<StudyUnit> Units => Tuning.Concat(Seeds);

    /// <summary>All runs that could be made.</summary>
    public IEnumerable<StudyUnit> Possible => Units.Concat(Below).Concat(Above);
}

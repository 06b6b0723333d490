using System.CommandLine;
using VisionMamba.Cli.Flags;

namespace VisionMamba.Cli.Studies;

/// <summary>--seeds, and how a run behaves as part of a study.</summary>
internal sealed class SeriesFlags
{
    private readonly Option<int?> _seeds = new(
        "--seeds")
    { Description = "train N times with seeds counting up from --seed; gives mean and deviation" };

    private readonly Option<bool> _testAtEnd = new("--test-at-end")
    {
        Description = "measure the test images once when training is done; true unless false is given",
        DefaultValueFactory = _ => true,
    };

    private readonly Option<bool> _quiet = new(
        "--quiet")
    { Description = "print no result (result.json in --output has it)" };

    private readonly Option<bool> _mayLieIdle = new(GivenFlags.MayLieIdle) { Hidden = true };

    public IEnumerable<Option> All => [_seeds, _testAtEnd, _quiet, _mayLieIdle];

    /// <summary>What a resumed run takes from its folder.</summary>
    public IEnumerable<Option> Fixed => [_seeds, _testAtEnd];

    public bool TestAtEnd(ParseResult parsed) => parsed.GetValue(_testAtEnd);

    public bool Quiet(ParseResult parsed) => parsed.GetValue(_quiet);

    /// <summary>Runs or resumes a study of seeds; null where the command line asks for a single run.</summary>
    public int? Run(ParseResult parsed, string folder, bool resume, bool plan, bool json)
    {
        if (resume)
            return RunSeries.Exists(folder) ? SeedSeries.Resume(parsed, folder, json) : null;
        // A plan of several seeds is the plan of one.
        return plan || parsed.GetValue(_seeds) is not { } seeds ? null : SeedSeries.Start(parsed, seeds, folder, json);
    }
}

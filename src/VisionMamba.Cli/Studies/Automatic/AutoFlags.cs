using System.CommandLine;
using VisionMamba.Cli.Flags;

namespace VisionMamba.Cli.Studies.Automatic;

/// <summary>--method auto: compares methods on the validation images and trains the best one.</summary>
internal sealed class AutoFlags(MethodFlags method)
{
    /// <summary>The value of --method.</summary>
    public const string Word = "auto";

    // What trains everything wants less than the default rate or a few times of it, a frozen backbone 8 to 128 times of
    // it (docs/study-runs.csv): three wide steps reach both.
    private static readonly double[] s_around = [0.5, 4, 32];

    private readonly Option<double> _budget = new("--auto-budget")
    {
        Description = "auto: minutes for the comparison, about; the chosen method then trains in full",
        DefaultValueFactory = _ => 10,
    };

    private readonly Option<string> _methods = new("--auto-methods")
    {
        Description = "auto: the methods to compare, joined by commas",
        DefaultValueFactory = _ => "linear,bitfit,vpt-deep,lora,svp,full",
    };

    public IEnumerable<Option> All => [_budget, _methods];

    /// <summary>Whether the command line, or its recipe, asks for it.</summary>
    public static bool Asked(ParseResult parsed) => parsed.GetValue<string>("--method") == Word;

    /// <summary>Compares and trains, or goes on with it; null where neither is asked for.</summary>
    public int? Run(ParseResult parsed, string folder, bool resume)
    {
        IReadOnlyList<string> device = DeviceArguments.Of(parsed);
        bool json = parsed.GetValue<bool>("--json");
        if (resume)
            return AutoSearch.IsBegun(folder) ? new AutoSearch(folder, device, json).Run(method) : null;
        if (!Asked(parsed))
        {
            return All.FirstOrDefault(o => parsed.IsGiven(o)) is { } unused
                ? throw new UsageException($"{unused.Name}: belongs to --method auto") : null;
        }

        foreach (string flag in new[] { "--seeds", "--resume-from", "--dry-run" })
        {
            if (parsed.IsGiven(flag))
                throw new UsageException($"{flag}: needs a method; run --method auto first and take its command");
        }

        SearchImages.Check(parsed, "--method auto");
        if (!(parsed.GetValue(_budget) is > 0 and < 1e6))
            throw new UsageException("--auto-budget: must be above 0");
        _ = parsed.GetValue<string>("--backbone") ?? throw new UsageException("--backbone FILE is missing");
        AutoSearch.Begin(Plan(parsed, device), folder);
        return new AutoSearch(folder, device, json).Run(method);
    }

    private AutoPlan Plan(ParseResult parsed, IReadOnlyList<string> device)
    {
        string[] names = parsed.GetValue(_methods)!.Split(',', StringSplitOptions.RemoveEmptyEntries);
        method.CheckNames(_methods.Name, names);
        string[] own = [.. All.Select(o => o.Name)];
        IReadOnlyList<string> given = RunSeries.Given(
            parsed, [.. own, "--method", "--lr", "--output", "--json", .. DeviceArguments.Names]);
        method.RefuseForeign(parsed, names);
        bool isFixed = parsed.IsGiven("--lr");
        double rate = parsed.GetValue<double>("--lr");
        if (!(rate > 0))
            throw new UsageException("--lr: must be a positive number");
        double[] rates = isFixed ? [rate] : [.. s_around.Select(factor => factor * rate)];
        AutoPlan plan = AutoProbe.Plan(parsed, names, rates, given, method, device);
        return plan with { Minutes = parsed.GetValue(_budget) };
    }
}

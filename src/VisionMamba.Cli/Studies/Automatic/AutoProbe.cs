using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Recipes;
using VisionMamba.Cli.Studies.Comparison;
using VisionMamba.Models.Checkpoints;

namespace VisionMamba.Cli.Studies.Automatic;

/// <summary>Measures what the methods cost here, to share the time by.</summary>
internal static class AutoProbe
{
    /// <summary>The plan for these methods and rates; each method is measured with a few steps.</summary>
    public static AutoPlan Plan(
        ParseResult parsed, IReadOnlyList<string> methods, IReadOnlyList<double> rates, IReadOnlyList<string> given,
        MethodFlags flags, IReadOnlyList<string> device)
    {
        int depth = ModelFile.Depth(parsed.GetValue<string>("--backbone")!, new LoadOptions());
        AutoArm[] arms = [.. methods.SelectMany(m => rates.Select(
            r => new AutoArm(m, Rounded(r), Settings(parsed, m, depth))))];
        if (arms.Length < 2)
            throw new UsageException("--auto-methods: one method with one --lr leaves nothing to compare");
        var costs = new Dictionary<string, MethodCost>();
        JsonObject? plan = null;
        using var line = new CountProgress("");
        foreach (AutoArm arm in arms.DistinctBy(a => a.Method))
        {
            line.Show($"auto: measuring {arm.Method}", now: true);
            plan = RunConsole.Json(
                ["train", .. flags.Without(given, arm.Method), .. arm.Flags, "--dry-run", .. device]);
            costs[arm.Method] = MethodCost.Of(plan);
        }

        return new AutoPlan(
            given, arms, costs, (int)plan!["data"]!["train"]!, (int)plan["data"]!["validation"]!,
            (int)plan["settings"]!["warmup_epochs"]!["value"]!, Minutes: 0);
    }

    /// <summary>
    /// Cross prompts are shared by a third of the layers, as published (8 of 24), on any depth, where nobody says.
    /// </summary>
    private static string[] Settings(ParseResult parsed, string method, int depth)
    {
        const string Flag = "--shared-layers";
        return method.Split('+').Contains("svp") && !RecipeFlag.Says(parsed, Flag)
            ? [Flag, $"{Math.Max(1, depth / 3)}"] : [];
    }

    // Two digits: what is printed is what was tried.
    private static double Rounded(double value) => double.Parse(
        value.ToString("E1", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}

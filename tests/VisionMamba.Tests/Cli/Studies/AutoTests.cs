using System.Text.Json.Nodes;
using VisionMamba.Cli.Studies.Automatic;
using VisionMamba.Cli.Studies.Comparison;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Cli.Studies;

[Collection(CommandLine.Collection)]
public sealed class AutoTests : IDisposable
{
    private readonly TinyTask _task = new();

    public void Dispose() => _task.Dispose();

    [Fact]
    public void TheBestOnValidationIsTrainedRecordedAndRepeatableWithoutATestPicture()
    {
        foreach (string picture in Directory.GetFiles(_task.At("data", "test"), "*.png", SearchOption.AllDirectories))
            File.WriteAllText(picture, "not a picture");
        CommandResult ended = CommandLine.Succeed(
        [
            "train", .. _task.Train, "--method", "auto", "--auto-methods", "linear,svp", "--auto-budget", "0.02",
            "--test-at-end", "false", "--output", _task.At("a"),
        ]);
        JsonNode report = JsonNode.Parse(File.ReadAllText(_task.At("a", "auto.json")))!;
        JsonArray trials = report["rounds"]!.AsArray().Single()!["trials"]!.AsArray();
        Assert.Equal(["linear", "svp"], trials.Select(t => (string)t!["method"]!).Order());
        JsonNode run = JsonNode.Parse(File.ReadAllText(_task.At("a", "run.json")))!;
        Assert.Equal((string)report["chosen"]!, (string)run["method"]!["name"]!);
        Assert.Equal((double)report["lr"]!, (double)run["options"]!["LearningRate"]!);
        Assert.Equal(2, (int)run["options"]!["Epochs"]!);
        Assert.True(File.Exists(_task.At("a", "result.json")));
        Assert.Contains((string)report["command"]!, ended.Output);

        // The printed command makes the same model.
        string[] words = ((string)report["command"]!).Split(' ')[1..];
        CommandLine.Succeed([.. words.Select(w => w == _task.At("a") ? _task.At("again") : w)]);
        Assert.Equal(
            File.ReadAllBytes(_task.At("a", "best.safetensors")),
            File.ReadAllBytes(_task.At("again", "best.safetensors")));
    }

    [Fact]
    public void TheBestOnValidationGoOnAndAnInterruptedComparisonKeepsWhatItHas()
    {
        string[] resume = ["train", "--output", _task.At("a"), "--resume", "--threads", "1"];
        AutoSearch.Begin(Plan(), _task.At("a"));
        CommandLine.Succeed(resume);
        string report = File.ReadAllText(_task.At("a", "auto.json"));
        JsonArray rounds = JsonNode.Parse(report)!["rounds"]!.AsArray();
        Assert.Equal([3, 2], rounds.Select(r => r!["trials"]!.AsArray().Count));
        foreach (JsonNode? round in rounds)
        {
            double[] order = [.. round!["trials"]!.AsArray().Select(t => (double)t!["validation_top1"]!)];
            Assert.Equal(order.OrderDescending(), order);
        }

        string Arm(JsonNode? trial) => $"{trial!["method"]} {trial["lr"]}";
        JsonArray first = rounds[0]!["trials"]!.AsArray(), last = rounds[1]!["trials"]!.AsArray();
        Assert.Equal(first.Take(2).Select(Arm).Order(), last.Select(Arm).Order());
        JsonNode run = JsonNode.Parse(File.ReadAllText(_task.At("a", "run.json")))!;
        Assert.Equal((string)last[0]!["method"]!, (string)run["method"]!["name"]!);

        // As if it had been killed in the second round: the chosen model was not begun.
        foreach (string file in Directory.GetFiles(_task.At("a")))
            File.Delete(file);
        string[] trials = Directory.GetDirectories(_task.At("a", "auto", "round-2"));
        Directory.Delete(trials[0], recursive: true);
        DateTime kept = File.GetLastWriteTimeUtc(Path.Combine(trials[1], "result.json"));
        CommandLine.Succeed(resume);
        Assert.Equal(kept, File.GetLastWriteTimeUtc(Path.Combine(trials[1], "result.json")));
        Assert.Equal(WithoutSeconds(report), WithoutSeconds(File.ReadAllText(_task.At("a", "auto.json"))));
        Assert.Contains("already holds", CommandLine.Run(
            ["train", .. _task.Train, "--method", "auto", "--output", _task.At("a")]).Log);
    }

    [Fact]
    public void WithoutARateMethodsStartAtThreeFarApart()
    {
        CommandLine.Succeed(
        [
            "train", "--data", _task.At("data"), "--backbone", _task.At("backbone.safetensors"), "--epochs", "1",
            "--batch", "4", "--threads", "1", "--method", "auto", "--auto-methods", "linear", "--auto-budget", "0.01",
            "--output", _task.At("a"),
        ]);
        JsonNode report = JsonNode.Parse(File.ReadAllText(_task.At("a", "auto.json")))!;
        IEnumerable<double> rates = report["rounds"]![0]!["trials"]!.AsArray().Select(t => (double)t!["lr"]!);
        Assert.Equal([0.0025, 0.02, 0.16], rates.Order());
    }

    [Theory]
    [InlineData("never looks at the test images", "--select-on", "test")]
    [InlineData("--seeds: needs a method", "--seeds", "2")]
    [InlineData("--dry-run: needs a method", "--dry-run")]
    [InlineData("--auto-budget: must be above 0", "--auto-budget", "0")]
    [InlineData("'nothing' is unknown", "--auto-methods", "linear,nothing")]
    [InlineData("which is not compared", "--lora-rank", "4")]
    [InlineData("--auto-budget: belongs to --method auto", "--method", "linear", "--auto-budget", "3")]
    public void MistakesAreNamedAndNothingIsBegun(string problem, params string[] flags)
    {
        string[] method = flags[0] == "--method" ? [] : ["--method", "auto"];
        string[] compared = flags[0] == "--auto-methods" ? [] : ["--auto-methods", "linear,svp"];
        CommandResult result = CommandLine.Run(
        [
            "train", .. _task.Train, .. method, .. method.Length > 0 ? compared : [], "--output", _task.At("a"),
            .. flags,
        ]);
        Assert.Equal(2, result.Code);
        Assert.Contains(problem, result.Log);
        Assert.False(Directory.Exists(_task.At("a")));
    }

    [Fact]
    public void TheTimeIsSharedByTheRoundsAndTheirArms()
    {
        var cost = new MethodCost(10, 20, 50, TrainSeconds: 0.01, EvaluateSeconds: 0.005, 1000, Once: false);
        AutoArm[] arms = [.. Enumerable.Range(0, 18).Select(i => new AutoArm("m", i + 1, []))];
        var plan = new AutoPlan(
            [], arms, new() { ["m"] = cost }, Train: 1000, Validation: 200, Warmup: 5, Minutes: 30);
        // 18 arms, then 6, then 2.
        Assert.Equal(3, plan.Rounds);
        // An epoch of an arm takes 10 s and its validation 1 s; 600 s a round.
        Assert.Equal(new AutoRound(2, 0), plan.Round(arms));
        Assert.Equal(new AutoRound(9, 0), plan.Round(arms[..6]));
        Assert.Equal(new AutoRound(27, 0), plan.Round(arms[..2]));
        // Less than an epoch: (60 - 18 - 18) s for 18 steps of 0.2 s.
        Assert.Equal(new AutoRound(1, 6), (plan with { Minutes = 3 }).Round(arms));
        Assert.Equal(new AutoRound(1, 5), (plan with { Minutes = 0.1 }).Round(arms));
        IReadOnlyList<string> flags = plan.Trial(arms[0], new AutoRound(27, 0), ["--batch", "20"]);
        Assert.Equal("2", flags[flags.ToList().IndexOf("--warmup-epochs") + 1]);
        Assert.Equal("false", flags[flags.ToList().IndexOf("--test-at-end") + 1]);
    }

    [Fact]
    public void CyclesAndCooldownOfTheFullTrainingDoNotLengthenATrial()
    {
        AutoPlan plan = Plan();
        string[] given =
        [
            .. plan.Given, "--cooldown-epochs", "2", "--lr-cycle-limit", "3", "--lr-cycle-mul", "2", "--decay-rate",
            "0.5", "--warmup-lr", "0.001",
        ];
        JsonNode planned = CommandLine.Succeed(
            ["train", .. plan.Trial(plan.Arms[1], new AutoRound(2, 0), given), "--dry-run", "--json"]).Json;
        Assert.Equal(2 * 4, (int)planned["steps"]!);
    }

    /// <summary>Three arms, then two; two epochs each.</summary>
    private AutoPlan Plan()
    {
        var cost = new MethodCost(34, 4, 2, 0.01, 0.005, 1000, Once: false);
        string[] given =
        [
            "--data", _task.At("data"), "--backbone", _task.At("backbone.safetensors"), "--epochs", "2", "--batch", "4",
            "--inner-width", "4", "--workers", "1",
        ];
        return new AutoPlan(
            given,
            [new("linear", 0.2, []), new("svp", 0.2, ["--shared-layers", "3"]), new("bitfit", 0.2, [])],
            new() { ["linear"] = cost, ["svp"] = cost, ["bitfit"] = cost }, Train: 16, Validation: 8, Warmup: 0,
            Minutes: 1);
    }

    private static string WithoutSeconds(string report)
    {
        JsonNode read = JsonNode.Parse(report)!;
        foreach (JsonNode? round in read["rounds"]!.AsArray())
        {
            foreach (JsonNode? trial in round!["trials"]!.AsArray())
                ((JsonObject)trial!).Remove("seconds");
        }

        return read.ToJsonString();
    }
}

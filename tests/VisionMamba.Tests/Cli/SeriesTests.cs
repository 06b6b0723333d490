using System.Text.Json.Nodes;
using VisionMamba.Cli;
using VisionMamba.Cli.Studies;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Cli;

/// <summary>Runs that belong together: several seeds of svp train, the trials of svp tune.</summary>
public sealed class SeriesTests
{
    [Fact]
    public void SeedsGiveMeanAndDeviationAndFinishedRunsAreSkipped()
    {
        using var task = new TinyTask();
        string[] arguments = ["train", .. task.Train, "--seeds", "3", "--seed", "5", "--output", task.At("s")];
        Assert.Equal(0, App.Invoke(arguments));
        JsonNode metric = Read(task.At("s", "summary.json"))["metrics"]!["validation_top1_last"]!;
        double[] values = [.. metric["values"]!.AsArray().Select(v => (double)v!)];
        Assert.Equal(3, values.Length);
        double mean = values.Sum() / 3, squares = values.Sum(v => Math.Pow(v - mean, 2));
        Assert.Equal(mean, (double)metric["mean"]!, 1e-12);
        Assert.Equal(Math.Sqrt(squares / 2), (double)metric["deviation"]!, 1e-12);
        Assert.NotNull(Read(task.At("s", "summary.json"))["metrics"]!["test_top1_last"]);
        Assert.Equal("5,6,7", string.Join(',', new[] { "seed-5", "seed-6", "seed-7" }
            .Select(r => Read(task.At("s", r, "run.json"))["options"]!["Seed"]!.ToJsonString())));

        // One run is done again, another is only looked at.
        byte[] wanted = File.ReadAllBytes(task.At("s", "seed-6", "last.safetensors"));
        Directory.Delete(task.At("s", "seed-6"), recursive: true);
        DateTime untouched = File.GetLastWriteTimeUtc(task.At("s", "seed-7", "last.safetensors"));
        Assert.Equal(0, App.Invoke(["train", "--output", task.At("s"), "--resume", "--threads", "1"]));
        Assert.Equal(wanted, File.ReadAllBytes(task.At("s", "seed-6", "last.safetensors")));
        Assert.Equal(untouched, File.GetLastWriteTimeUtc(task.At("s", "seed-7", "last.safetensors")));
        Assert.Contains("already holds a study", Assert.Throws<VisionMambaException>(() => App.Invoke(arguments))
            .Message);
    }

    [Fact]
    public void TuningTakesTheBestOnValidationAndNeverReadsATestPicture()
    {
        using var task = new TinyTask();
        foreach (string picture in Directory.GetFiles(task.At("data", "test"), "*.png", SearchOption.AllDirectories))
            File.WriteAllText(picture, "not a picture");
        string[] train = [.. task.Train.Where((a, i) => a != "--lr" && (i == 0 || task.Train[i - 1] != "--lr"))];
        Assert.Equal(0, App.Invoke(
            ["tune", .. train, "--search", "grid", "--trials", "2", "--tune-lr", "1e-6", "0.2", "--weight-decay", "0",
                "--output", task.At("t")]));
        JsonObject report = Read(task.At("t", "tune.json"));
        JsonArray trials = report["trials"]!.AsArray();
        Assert.Equal(2, trials.Count);
        Assert.True((double)trials[0]!["validation_top1"]! >= (double)trials[1]!["validation_top1"]!);
        string best = (string)trials[0]!["flags"]!["--lr"]!, command = (string)report["command"]!;
        Assert.StartsWith("svp train ", command);
        Assert.Contains($"--lr {best}", command);
        Assert.Contains("--weight-decay 0 ", command);
        Assert.DoesNotContain("--epochs", command);
        // The printed command reads the test pictures, and finds that they are none.
        string[] words = command.Split(' ')[1..];
        Assert.Contains("test", Assert.ThrowsAny<VisionMambaException>(
            () => App.Invoke([.. words, "--max-steps", "1"])).Message);
    }

    [Fact]
    public async Task ARandomSearchThatIsKilledGoesOnToTheSameResult()
    {
        using var task = new TinyTask();
        string folder = task.At("t"), result = task.At("t", "tune.json");
        string[] searched = ["--lr", "--shared-layers", "--inner-width"];
        string[] train = [.. task.Train.Chunk(2).Where(pair => !searched.Contains(pair[0])).SelectMany(pair => pair)];
        string[] tune = ["tune", .. train, "--trials", "3", "--seed", "7", "--output", folder];
        Assert.Equal(0, App.Invoke(tune));
        JsonArray trials = Read(result)["trials"]!.AsArray();
        string[] flags = [.. trials.Select(t => t!["flags"]!.ToJsonString())];
        Assert.Equal((3, 3), (flags.Length, flags.Distinct().Count()));
        Assert.All(trials, t => Assert.Equal(
            ["--lr", "--weight-decay", "--shared-layers", "--inner-width"],
            t!["flags"]!.AsObject().Select(f => f.Key)));
        string whole = task.At("whole");
        Directory.Move(folder, whole);

        // A trial writes three: before its first step and after each of two epochs. The second trial is killed within.
        await SvpProcess.KillAt(Moment.While("last.safetensors", 6), tune);
        Assert.False(File.Exists(result));
        Assert.False(Directory.Exists(task.At("t", "trial-003")));
        DateTime first = File.GetLastWriteTimeUtc(task.At("t", "trial-001", "result.json"));
        Assert.Equal(0, App.Invoke(["tune", "--output", folder, "--resume", "--threads", "1"]));
        Assert.Equal(File.ReadAllText(Path.Combine(whole, "tune.json")), File.ReadAllText(result));
        Assert.Equal(first, File.GetLastWriteTimeUtc(task.At("t", "trial-001", "result.json")));
        foreach (string trial in new[] { "trial-001", "trial-002", "trial-003" })
        {
            string model = Path.Combine(trial, "last.safetensors");
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(whole, model)), File.ReadAllBytes(Path.Combine(folder, model)));
        }
    }

    [Fact]
    public void ATrialThatDivergesIsRecordedAndTheSearchGoesOn()
    {
        using var task = new TinyTask();
        string[] train = [.. task.Train.Where((a, i) => a != "--lr" && (i == 0 || task.Train[i - 1] != "--lr"))];
        Assert.Equal(0, App.Invoke(
            ["tune", .. train, "--search", "grid", "--tune-lr", "1e300", "0.01", "--weight-decay", "0", "--output",
                task.At("t")]));
        JsonArray trials = Read(task.At("t", "tune.json"))["trials"]!.AsArray();
        Assert.Equal("0.01", (string)trials[0]!["flags"]!["--lr"]!);
        Assert.Null(trials[0]!["failed"]);
        Assert.Contains("NaN or infinity", (string)trials[1]!["failed"]!);
    }

    [Fact]
    public void ARandomPointIsAFunctionOfSeedAndTrial()
    {
        var space = new SearchSpace([("--lr", [1e-3, 1e-1]), ("--inner-width", [32, 64])]);
        var points = Enumerable.Range(0, 200).Select(i => space.Random(1, i)).ToArray();
        Assert.Equal(points[7], space.Random(1, 7));
        Assert.NotEqual(points[7], space.Random(2, 7));
        double[] rates = [.. points.Select(p => double.Parse(p[1], System.Globalization.CultureInfo.InvariantCulture))];
        Assert.All(rates, r => Assert.InRange(r, 1e-3, 1e-1));
        // Half of the draws lie below the geometric middle.
        Assert.InRange(rates.Count(r => r < 1e-2), 70, 130);
        Assert.InRange(points.Count(p => p[3] == "32"), 70, 130);
        Assert.Equal(["--lr", "0.001", "--inner-width", "64"], space.Grid().ElementAt(1));
        Assert.Equal(4, space.Points);
    }

    [Theory]
    [InlineData("more than --trials", "--search", "grid", "--trials", "3")]
    [InlineData("at least 1", "--trials", "0")]
    [InlineData("never looks at the test images", "--select-on", "test")]
    [InlineData("give one of them", "--lr", "0.1", "--tune-lr", "0.1")]
    [InlineData("settings of --method svp", "--method", "linear", "--tune-inner-width", "32")]
    public void MistakesAreNamed(string problem, params string[] arguments)
    {
        using var task = new TinyTask();
        var error = Assert.Throws<UsageException>(() => App.Invoke(
            ["tune", "--data", task.At("data"), "--backbone", task.At("backbone.safetensors"), "--output", task.At(
                "t"), .. arguments]));
        Assert.Contains(problem, error.Message);
        Assert.False(Directory.Exists(task.At("t")));
    }

    [Theory]
    [InlineData("--shared-layers", "--method", "linear", "--seeds", "2")]
    [InlineData("--batch", "--batch", "0", "--seeds", "2")]
    [InlineData("at least 1", "--seeds", "0")]
    public void AStudyThatCannotBeginLeavesNothing(string problem, params string[] arguments)
    {
        using var task = new TinyTask();
        string[] train = [.. task.Train.Where((a, i) => a != "--batch" && (i == 0 || task.Train[i - 1] != "--batch"))];
        var error = Assert.Throws<UsageException>(
            () => App.Invoke(["train", .. train, "--output", task.At("s"), .. arguments]));
        Assert.Contains(problem, error.Message);
        Assert.False(Directory.Exists(task.At("s")));
    }

    private static JsonObject Read(string path) => (JsonObject)JsonNode.Parse(File.ReadAllText(path))!;
}

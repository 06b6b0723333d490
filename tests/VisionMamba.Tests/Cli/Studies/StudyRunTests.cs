using System.Text.Json.Nodes;
using VisionMamba.Cli.Studies.Comparison;

namespace VisionMamba.Tests.Cli.Studies;

[Collection(CommandLine.Collection)]
public sealed class StudyRunTests : IDisposable
{
    private readonly TinyStudy _study = new();

    public void Dispose() => _study.Dispose();

    [Fact]
    public void TunesOnValidationMeasuresEverySeedOnTestAndGoesOn()
    {
        // A part of it first; nothing is begun once the time is over.
        JsonNode part = CommandLine.Succeed(
            [.. _study.Command("s"), "--tasks", "halves", "--methods", "svp", "--json"]).Json;
        Assert.Equal(8, (int)part["done"]!);
        JsonNode late = CommandLine.Succeed([.. _study.Command("s"), "--budget", "1e-9", "--json"]).Json;
        Assert.Equal((8, TinyStudy.Runs, false), ((int)late["done"]!, (int)late["runs"]!, (bool)late["finished"]!));
        CommandLine.Succeed([.. _study.Command("s")]);
        SortedDictionary<string, string> records = _study.Records("s");
        Assert.Equal(TinyStudy.Runs, records.Count);

        StudyRecord[] tuned = [.. new[] { "0.02", "0.2" }.Select(r => _study.Record("s", $"halves/svp/lr-{r}"))];
        Assert.All(tuned, r => Assert.True(r.Tuning && r.TestTop1 is null && r.Seed == 3));
        StudyRecord first = _study.Record("s", "halves/svp/seed-3"), second = _study.Record("s", "halves/svp/seed-4");
        double wanted =
            tuned.OrderByDescending(r => r.ValidationTop1).ThenBy(r => r.ValidationLoss).First().LearningRate;
        Assert.Equal((wanted, wanted), (first.LearningRate, second.LearningRate));
        Assert.True(first.TestTop1 is not null && second.TestTop1 is not null && !first.Tuning);
        Assert.Equal(tuned.Single(r => r.LearningRate == wanted).ValidationLoss, first.ValidationLoss);
        Assert.NotEqual(first.ValidationLoss, second.ValidationLoss);
        Assert.True(first.StepPeakBytes > 0 && first.SecondsPerStep > 0 && first.TrainableParameters > 0);
        // Models are gone; settings and logs are there.
        Assert.Empty(Directory.GetFiles(_study.At("s"), "*.safetensors", SearchOption.AllDirectories));
        Assert.True(File.Exists(_study.At("s", "runs", "halves", "svp", "seed-4", "log.csv")));

        // Again: nothing is left to do.
        CommandLine.Succeed([.. _study.Command("s")]);
        Assert.Equal(records, _study.Records("s"));
    }

    [Fact]
    public void APlanMeasuresWhatIsPlannedAndBeginsNothing()
    {
        JsonNode plan = CommandLine.Succeed(
            [.. _study.Command("p"), "--dry-run", "--json", "--tasks", "halves", "--methods", "linear"]).Json;
        Assert.Equal(4, (int)plan["runs"]!);
        Assert.True((double)plan["seconds"]! > 0);
        Assert.Equal(34, (long)plan["cells"]![0]!["trainable_parameters"]!);
        Assert.False(File.Exists(_study.At("p", "comparison.json")));
    }

    [Fact]
    public void TheFirstSeedIsWhatATrainingWithItsFlagsAndATestGives()
    {
        CommandLine.Succeed([.. _study.Command("s"), "--methods", "linear"]);
        foreach (string task in new[] { "halves", "count" })
        {
            StudyRecord record = _study.Record("s", $"{task}/linear/seed-3");
            string[] data = task == "halves" ? ["--data", _study.At("data")] : [];
            JsonNode trained = CommandLine.Succeed(
            [
                "train", .. record.Arguments, .. data, "--backbone", _study.At("backbone.safetensors"),
                "--threads", "1", "--output", _study.At(task), "--json",
            ]).Json;
            Assert.Equal((double)trained["test_top1_last"]!, record.TestTop1);
            Assert.Equal((double)trained["validation_top1_last"]!, record.ValidationTop1);
        }
    }

    [Fact]
    public void WhereTheBestRateStandsAtTheEndTheNextOneBeyondIsTriedAndDecidesToo()
    {
        string[] command = [.. _study.Command("s"), "--methods", "linear", "--tasks", "halves"];
        CommandLine.Succeed(command);
        double before = _study.Record("s", "halves/linear/seed-4").LearningRate;
        Assert.Equal(2, Directory.GetFiles(_study.At("s", "records", "halves", "linear"), "lr-*").Length);

        // Of two rates the best is at an end in any case. The same study goes on with the ones beyond.
        File.WriteAllText(
            _study.FilePath, File.ReadAllText(_study.FilePath).Replace("\"seeds\"", "\"lr_beyond\": 2, \"seeds\""));
        CommandLine.Succeed(command);
        StudyRecord[] tuned = [.. Directory.GetFiles(_study.At("s", "records", "halves", "linear"), "lr-*")
            .Select(f => StudyRecord.Read(f)!)];
        double[] beyond = before == 0.2 ? [2, 20] : [0.002, 0.0002];
        double[] rates = [.. tuned.Select(r => r.LearningRate)];
        Assert.Contains(beyond[0], rates);
        StudyRecord best = StudyChoice.Best(tuned)!;
        // The second was tried only if the first was better than all before.
        StudyRecord[] without = [.. tuned.Where(r => r.LearningRate != beyond[1])];
        Assert.Equal(StudyChoice.Best(without)!.LearningRate == beyond[0], rates.Contains(beyond[1]));
        Assert.Equal(rates.Contains(beyond[1]) ? 4 : 3, tuned.Length);
        foreach (string seed in new[] { "seed-3", "seed-4" })
        {
            StudyRecord record = _study.Record("s", $"halves/linear/{seed}");
            Assert.Equal(best.LearningRate, record.LearningRate);
            Assert.Contains(StudyUnit.Number(best.LearningRate), record.Arguments);
        }

        SortedDictionary<string, string> records = _study.Records("s");
        CommandLine.Succeed(command);
        Assert.Equal(records, _study.Records("s"));
    }

    [Fact]
    public void ASweepCanTakeTheRateThatItsMethodChose()
    {
        File.WriteAllText(_study.FilePath, File.ReadAllText(_study.FilePath).Replace(
            "\"seeds\"", "\"sweep_lr\": \"method\", \"seeds\""));
        // The method is tuned first, though the sweep alone was named; then nothing is left.
        JsonNode all = CommandLine.Succeed(
            [.. _study.Command("s"), "--methods", "svp.svp_prompts-cross", "--processes", "2", "--json"]).Json;
        Assert.Equal((4 + 2, 4 + 2), ((int)all["done"]!, (int)all["runs"]!));
        double chosen = _study.Record("s", "halves/svp/seed-4").LearningRate;
        string records = _study.At("s", "records", "halves", "svp.svp_prompts-cross");
        Assert.Equal(
            ["seed-3.json", "seed-4.json"], Directory.GetFiles(records).Select(Path.GetFileName).Order());
        foreach (string seed in new[] { "seed-3", "seed-4" })
        {
            StudyRecord record = _study.Record("s", $"halves/svp.svp_prompts-cross/{seed}");
            Assert.Equal((chosen, false), (record.LearningRate, record.Tuning));
            Assert.NotNull(record.TestTop1);
            Assert.Equal(["cross"], record.Arguments.SkipWhile(a => a != "--svp-prompts").Skip(1).Take(1));
        }

        var results = new StudyResults(new StudyFolder(_study.At("s")).Records(), []);
        Assert.Equal(results.Of("svp", "halves")!.AtEdge, results.Of("svp.svp_prompts-cross", "halves")!.AtEdge);
    }

    [Fact]
    public void ARunThatDivergesIsRecordedAndTheRestGoesOn()
    {
        string text = File.ReadAllText(_study.FilePath);
        File.WriteAllText(_study.FilePath, text.Replace("[0.02, 0.2]", "[0.02, 1e300]"));
        CommandLine.Succeed([.. _study.Command("s"), "--methods", "linear", "--tasks", "halves"]);
        Assert.Contains("NaN or infinity", _study.Record("s", "halves/linear/lr-1E+300").Failed);
        Assert.Equal(0.02, _study.Record("s", "halves/linear/seed-4").LearningRate);

        File.WriteAllText(_study.FilePath, text.Replace("[0.02, 0.2]", "[1e299, 1e300]"));
        CommandLine.Succeed([.. _study.Command("all"), "--methods", "linear", "--tasks", "halves"]);
        Assert.Contains("at every learning rate", _study.Record("all", "halves/linear/seed-4").Failed);
        CommandLine.Succeed("study", "report", _study.At("all"));
        Assert.Contains("Runs without a result", File.ReadAllText(_study.At("all", "report", "report.html")));
    }

    [Fact]
    public void TwoProcessesShareTheRunsAndGetTheSame()
    {
        CommandLine.Succeed([.. _study.Command("one")]);
        CommandLine.Succeed([.. _study.Command("two"), "--processes", "2"]);
        Assert.Equal(_study.Records("one"), _study.Records("two"));
        Assert.True(File.Exists(_study.At("two", "second-process.log")));
    }

    [Fact]
    public void AnotherStudyInTheSameFolderIsRefused()
    {
        CommandLine.Succeed([.. _study.Command("s"), "--methods", "linear", "--tasks", "halves"]);
        Refused("was begun with another backbone", [.. _study.Command("s"), "--backbone", "demo"]);
        string text = File.ReadAllText(_study.FilePath);
        File.WriteAllText(_study.FilePath, text.Replace("\"epochs\": 2", "\"epochs\": 3"));
        Refused("was run with other settings", _study.Command("s"));
        File.WriteAllText(_study.FilePath, text.Replace("\"tiny\"", "\"other\""));
        Refused("holds the study 'tiny'", _study.Command("s"));
        File.WriteAllText(_study.FilePath, text.Replace("\"data\": \"data\"", "\"group\": \"own\"").Replace(
            "\"group\": \"own\", \"group\": \"own\"", "\"group\": \"own\""));
        Refused("--data halves=DIR is missing", _study.Command("s"));
        File.WriteAllText(_study.FilePath, text);
        Refused("--methods lora: is not in the study", [.. _study.Command("s"), "--methods", "lora"]);
        Refused("is rendered and has no folder", [.. _study.Command("s"), "--data", $"count={_study.At("data")}"]);
        Refused("--processes 3: must be 1 or 2", [.. _study.Command("s"), "--processes", "3"]);
        Refused("holds no study", "study", "report", _study.At("data"));
    }

    private static void Refused(string problem, params string[] command)
    {
        CommandResult result = CommandLine.Run(command);
        Assert.NotEqual(0, result.Code);
        Assert.Contains(problem, result.Log);
    }
}

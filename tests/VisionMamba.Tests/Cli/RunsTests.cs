using VisionMamba.Cli;
using VisionMamba.Cli.Runs;
using VisionMamba.Data.Images;
using VisionMamba.Tests.Data;

namespace VisionMamba.Tests.Cli;

[Collection(CommandLine.Collection)]
public sealed class RunsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ARunsFolderIsRead()
    {
        Write("a", lr: 0.1, "0.5", "0.75", "0.75");
        RunRecord run = RunRecord.Open(_folder.At("a"));
        Assert.Equal(("svp", "birds", 42), (run.Method, run.Data, run.TrainableParameters));
        Assert.Equal((3, 0.75), (run.Last!.Epoch, run.Last.ValidationTop1));
        // Of equals the first, as the trainer saves it.
        Assert.Equal(2, run.Best!.Epoch);
        Assert.Equal(2, run.ReadSteps().Count);
        Assert.Equal("unfinished", run.State);
        _folder.Write("a/result.json", """{"test_top1_last":0.5}""");
        Assert.Equal("finished", RunRecord.Open(_folder.At("a")).State);
        _folder.Write("a/result.json", """{"failed":"the loss is NaN"}""");
        Assert.Equal("failed", RunRecord.Open(_folder.At("a")).State);
        // A result of two epochs is none of a run that has gone on to the third.
        _folder.Write("a/result.json", """{"epochs":2,"test_top1_last":0.5}""");
        Assert.Equal("unfinished", RunRecord.Open(_folder.At("a")).State);
        _folder.Write("a/result.json", """{"epochs":3,"test_top1_last":0.5}""");
        Assert.Equal("finished", RunRecord.Open(_folder.At("a")).State);
    }

    [Theory]
    [InlineData(5, "")]
    [InlineData(7, ""","CooldownEpochs":2""")]
    [InlineData(17, ""","CooldownEpochs":2,"LrCycleLimit":3""")]
    [InlineData(5, ""","Sched":"step","CooldownEpochs":2""")]
    public void AllCyclesAndTheCooldownArePlanned(int epochs, string options)
    {
        Write("a", 0.1, "0.5");
        string settings = File.ReadAllText(_folder.At("a/run.json"));
        _folder.Write("a/run.json", settings.Replace("\"Epochs\":5", "\"Epochs\":5" + options));
        Assert.Equal(epochs, RunRecord.Open(_folder.At("a")).PlannedEpochs);
    }

    [Fact]
    public void RunsAreFoundBelow()
    {
        Write("deep/er/a", 0.1, "0.5");
        Write("b", 0.1, "0.5");
        Assert.Equal(
            [_folder.At("b"), _folder.At("deep/er/a")],
            RunRecord.Below(_folder.Path, _ => { }).Select(r => r.Folder));
    }

    [Fact]
    public void ADamagedRunDoesNotHideTheOthers()
    {
        Write("a", 0.1, "0.5");
        _folder.Write("b/run.json", "{");
        CommandResult list = CommandLine.Run("runs", "list", _folder.Path, "--json");
        Assert.Equal(1, list.Code);
        Assert.Equal("svp", (string)Assert.Single(list.Json.AsArray())!["method"]!);
        Assert.Contains(_folder.At("b/run.json"), list.Log);
    }

    [Fact]
    public void ComparingShowsOnlyWhatDiffers()
    {
        Write("a", 0.1, "0.5");
        Write("b", 0.2, "0.5");
        RunRecord[] runs = [RunRecord.Open(_folder.At("a")), RunRecord.Open(_folder.At("b"))];
        var difference = Assert.Single(RunComparison.Differences(runs));
        Assert.Equal("options.LearningRate", difference.Key);
        Assert.Equal(["0.1", "0.2"], difference.Value.Select(RunComparison.Cell));
    }

    [Theory]
    [InlineData("--by", "epoch")]
    [InlineData("--by", "step")]
    public void CurvesAreDrawn(params string[] by)
    {
        Write("a", 0.1, "0.25", "0.5", "0.75");
        Assert.Equal(0, App.Invoke(["runs", "plot", _folder.At("a"), "--output", _folder.At("p.png"), .. by]));
        RgbImage picture = ImageDecoder.Decode(_folder.At("p.png"));
        Assert.Equal((1000, 880), (picture.Width, picture.Height));
        // The colour of the first run, and the black of text and axes.
        Assert.True(Count(picture, (0x1f, 0x77, 0xb4)) > 500);
        Assert.True(Count(picture, (0, 0, 0)) > 1000);
        App.Invoke(["runs", "plot", _folder.At("a"), "--output", _folder.At("p.svg"), .. by]);
        string svg = File.ReadAllText(_folder.At("p.svg"));
        Assert.StartsWith("<?xml", svg);
        Assert.EndsWith("</svg>", svg.TrimEnd());
        System.Xml.Linq.XDocument.Parse(svg);
    }

    [Fact]
    public void MistakesAreNamed()
    {
        Write("a", 0.1);
        Assert.Contains("no run.json", Fails("runs", "compare", _folder.At("a"), _folder.Path));
        Assert.Contains("no such folder", Fails("runs", "list", _folder.At("nowhere")));
        Assert.Contains("nothing to draw yet", Fails("runs", "plot", _folder.At("a"), "--output", _folder.At("p.png")));
        Assert.Contains(".png or .svg", Fails("runs", "plot", _folder.At("a"), "--output", _folder.At("p.pdf")));
        Assert.False(File.Exists(_folder.At("p.png")));
        _folder.Write("a/run.json", """{"verb":"train","data":{},"options":{"Epochs":"many"}}""");
        Assert.Contains("run.json: is damaged", CommandLine.Run("runs", "list", _folder.Path).Log);
    }

    private static string Fails(params string[] arguments)
    {
        Exception error = Record.Exception(() => App.Invoke(arguments))!;
        Assert.True(error is VisionMambaException or UsageException, error?.ToString());
        return error!.Message;
    }

    private static int Count(RgbImage picture, (int R, int G, int B) color)
    {
        int count = 0;
        for (int at = 0; at < picture.Pixels.Length; at += 3)
            count += (picture.Pixels[at], picture.Pixels[at + 1], picture.Pixels[at + 2]) == color ? 1 : 0;
        return count;
    }

    /// <summary>A folder as a run leaves it that was killed while it wrote its third step.</summary>
    private void Write(string name, double lr, params string[] top1)
    {
        string rate = lr.ToString(System.Globalization.CultureInfo.InvariantCulture);
        _folder.Write($"{name}/run.json", $$$"""
        {"verb":"train","started":"{{{DateTimeOffset.Now:O}}}","data":{"Folder":"/data/birds/"},"method":{"name":"svp"},
         "trainable_parameters":42,"options":{"Epochs":5,"LearningRate":{{{rate}}}}}
        """);
        var rows = top1.Select((t, i) => $"{i + 1},0.1,{1.0 / (i + 1):R},{1.5 / (i + 1):R},{t},1,2.5");
        _folder.Write($"{name}/log.csv", string.Join('\n', rows.Prepend(
            "epoch,learning_rate,train_loss,validation_loss,validation_top1,validation_top5,seconds")) + "\n");
        if (top1.Length > 0)
        {
            _folder.Write($"{name}/steps.jsonl", """
                {"step":1,"epoch":1,"learning_rate":0.1,"loss":2.5,"gradient_norm":1}
                {"step":2,"epoch":1,"learning_rate":0.1,"loss":2,"gradient_norm":1}
                {"step":3,"epo
                """);
        }
    }
}

using System.Text.Json.Nodes;
using VisionMamba.Cli.Explaining;
using VisionMamba.Data.Images;
using VisionMamba.Models.Explaining;

namespace VisionMamba.Tests.Cli;

/// <summary>svp explain as a user types it.</summary>
[Collection(CommandLine.Collection)]
public sealed class ExplainTests(TinyRun run) : IClassFixture<TinyRun>
{
    [Fact]
    public void WritesASheetAPageAndNumbers()
    {
        JsonNode json = CommandLine.Succeed(
            "explain", run.Picture, run.Picture, "--checkpoint", run.Checkpoint, "--output", run.At("explained"),
            "--json").Json;
        string[] files = [.. json["files"]!.AsArray().Select(f => (string)f!)];
        Assert.Equal(3, files.Length);
        RgbImage sheet = ImageDecoder.Decode(files[0]);
        Assert.True(sheet.Width >= 900 && sheet.Height > 900);
        Assert.True(sheet.Pixels.Distinct().Count() > 50);
        string page = File.ReadAllText(files[2]);
        Assert.Equal(2, page.Split("data:image/png;base64,").Length - 1);
        Assert.DoesNotContain("src=\"http", page, StringComparison.Ordinal);
        JsonNode image = json["images"]![0]!;
        Assert.Equal(2, image["with"]!["blocks"]!.AsArray().Count);
        Assert.True((double)image["with"]!["blocks"]![0]!["prompt_magnitude"]! > 0);
        Assert.Equal(0, (double)image["without"]!["blocks"]![0]!["prompt_magnitude"]!);
        JsonNode predicted = CommandLine.Succeed(
            "predict", run.Picture, "--checkpoint", run.Checkpoint, "--json").Json["images"]![0]!["top"]![0]!;
        Assert.Equal((string)predicted["class"]!, (string)image["class"]!);
        Assert.Equal((double)predicted["probability"]!, (double)image["with"]!["probability"]!, 1e-6);
    }

    [Fact]
    public void ABackboneHasNothingToTakeAwayAndOneImageFitsOnePng()
    {
        string png = run.At("one.png");
        JsonNode json = CommandLine.Succeed(
            "explain", run.Picture, "--checkpoint", run.Backbone, "--class", "1", "--output", png, "--json").Json;
        Assert.Null(json["images"]![0]!["without"]);
        Assert.Equal(1, (int)json["images"]![0]!["index"]!);
        Assert.True(File.Exists(png));
    }

    /// <summary>A method that changes weights adds nothing to the tokens: the bars show the gates.</summary>
    [Fact]
    public void BarsShowWhatTheMethodChanges()
    {
        BlockExplanation Block(double prompt, params float[] gate) => new()
        {
            PromptMagnitude = prompt,
            InputGate = gate,
            Delta = [],
            ForgetGate = [],
            Contribution = [],
            ClassContribution = 0,
            LearnedContribution = 0,
        };
        Explanation Of(params BlockExplanation[] blocks) => new([], 0, [], blocks);
        var picture = new RgbImage(1, 1);
        var prompted = new ExplainedImage("x", picture, Of(Block(0.5, 1)), Of(Block(0, 2)), "c");
        Assert.Equal([0.5], prompted.Changes.ByBlock);
        Assert.Contains("prompt magnitude", prompted.Changes.What);
        var weights = new ExplainedImage(
            "x", picture, Of(Block(0, 3, 1), Block(0, 1)), Of(Block(0, 2, 2), Block(0, 1)), "c");
        Assert.Equal([0.5, 0], weights.Changes.ByBlock);
        Assert.Contains("input gate", weights.Changes.What);
        Assert.Equal([0], new ExplainedImage("x", picture, Of(Block(0, 3)), null, "c").Changes.ByBlock);
    }

    [Theory]
    [InlineData("--class", "nonsense", "--class nonsense: is neither")]
    [InlineData("--output", "two.png", "holds one image")]
    public void WrongUseIsOneLine(string flag, string value, string reason)
    {
        string[] output = flag == "--output" ? [] : ["--output", run.At("x")];
        CommandResult result = CommandLine.Run(
            ["explain", run.Picture, run.Picture, "--checkpoint", run.Checkpoint, flag, value, .. output]);
        Assert.Equal(2, result.Code);
        Assert.Contains(reason, result.Log, StringComparison.Ordinal);
    }
}

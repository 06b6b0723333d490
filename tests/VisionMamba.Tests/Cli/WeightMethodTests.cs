using System.Text.Json.Nodes;

namespace VisionMamba.Tests.Cli;

/// <summary>LoRA, adapters, additional scans and partial tuning as a user types them, to the exported file.</summary>
[Collection(CommandLine.Collection)]
public sealed class WeightMethodTests(TinyRun run) : IClassFixture<TinyRun>
{
    [Theory]
    [InlineData("lora", "full", "--lora-sites in_proj.x,x_proj.b --lora-rank 3 --lora-alpha 6 --lora-dropout 0")]
    [InlineData("additional-scan", "full", "--extra-states 2 --extra-start frozen")]
    [InlineData(
        "adapter", "adapter",
        "--adapter-mode sequential --adapter-width 5 --adapter-scale 0.5 --adapter-dropout 0")]
    [InlineData("conv1d", "conv1d", "")]
    [InlineData("svp+lora", "svp", "--inner-width 8 --shared-layers 2 --lora-rank 3")]
    public void FromTrainingToTheExportedFile(string method, string exported, string flags)
    {
        string folder = run.At(method), checkpoint = Path.Combine(folder, "last.safetensors");
        CommandLine.Succeed([
            "train", "--data", run.Data, "--backbone", run.Backbone, "--method", method, .. Words(flags),
            "--batch", "8", "--max-steps", "3", "--lr", "0.1", "--output", folder, "--json"]);
        JsonNode inspected = CommandLine.Succeed("inspect", "--checkpoint", checkpoint, "--json").Json;
        Assert.Equal(method, (string)inspected["method"]!["name"]!);
        JsonNode recorded = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "run.json")))!["method"]!;
        Assert.Equal(recorded.ToJsonString(), inspected["method"]!.ToJsonString());

        string plain = Path.Combine(folder, "exported.pth");
        CommandLine.Succeed("export", "--checkpoint", checkpoint, "--output", plain, "--json");
        Assert.Equal(
            exported, (string)CommandLine.Succeed("inspect", "--checkpoint", plain, "--json").Json["method"]!["name"]!);
        float[] expected = Logits("--checkpoint", checkpoint), actual = Logits("--checkpoint", plain);
        double scale = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-5 * scale);
        string pack = Path.Combine(folder, "pack.safetensors");
        Assert.Equal(
            Logits("--checkpoint", Path.Combine(folder, "best.safetensors")),
            Logits("--backbone", run.Backbone, "--pack", pack));
    }

    [Theory]
    [InlineData("--method lora --lora-rank 0", "--lora-rank")]
    [InlineData("--method lora --lora-sites in_proj,foo", "unknown site 'foo'")]
    [InlineData("--method svp --lora-rank 4", "is a setting of --method lora")]
    [InlineData("--method adapter --adapter-mode across", "--adapter-mode")]
    [InlineData("--method additional-scan --extra-states 0", "--extra-states")]
    public void BadSettingsAreBadUsageInOneLine(string flags, string says)
    {
        CommandResult result = CommandLine.Run([
            "train", "--data", run.Data, "--backbone", run.Backbone, "--output", run.At("bad"), .. Words(flags)]);
        Assert.Equal(2, result.Code);
        Assert.Contains(says, result.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Log, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run.At("bad")));
    }

    [Fact]
    public void AnExportKeepsTheMethodApartWhenAsked()
    {
        string folder = run.At("apart"), checkpoint = Path.Combine(folder, "last.safetensors");
        CommandLine.Succeed(
            "train", "--data", run.Data, "--backbone", run.Backbone, "--method", "lora", "--lora-rank", "2",
            "--batch", "8", "--max-steps", "2", "--output", folder, "--json");
        string kept = Path.Combine(folder, "kept.safetensors");
        CommandLine.Succeed("export", "--checkpoint", checkpoint, "--output", kept, "--unmerged", "--json");
        Assert.Equal(
            "lora", (string)CommandLine.Succeed("inspect", "--checkpoint", kept, "--json").Json["method"]!["name"]!);
        Assert.Equal(Logits("--checkpoint", checkpoint), Logits("--checkpoint", kept));
        foreach (string wrong in new[] { "--unmerged --layout plain", "--with-optimizer" })
        {
            CommandResult result = CommandLine.Run([
                "export", "--checkpoint", checkpoint, "--output", Path.Combine(folder, "no.pth"), .. Words(wrong)]);
            Assert.Equal(2, result.Code);
            Assert.Contains(Words(wrong)[0], result.Log, StringComparison.Ordinal);
        }
    }

    /// <summary>Its optimizer would hold the moments of other parameters than the ones that train there.</summary>
    [Theory]
    [InlineData("linear")]
    [InlineData("svp+bitfit")]
    [InlineData("vpt-deep")]
    public void TheReleasedCodeGoesOnWithSvpAndFullFineTuningAlone(string method)
    {
        string folder = run.At("goes-on-" + method);
        CommandLine.Succeed(
            "train", "--data", run.Data, "--backbone", run.Backbone, "--method", method, "--batch", "8", "--max-steps",
            "2", "--output", folder, "--json");
        CommandResult result = CommandLine.Run(
            "export", "--checkpoint", Path.Combine(folder, "last.safetensors"), "--with-optimizer", "--output",
            Path.Combine(folder, "no.pth"));
        Assert.Equal(2, result.Code);
        Assert.Contains($"'{method}'", result.Log, StringComparison.Ordinal);
    }

    private static string[] Words(string flags) => flags.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private float[] Logits(params string[] model) =>
    [
        .. CommandLine.Succeed(["predict", .. model, run.Picture, "--json", "--logits"]).Json["images"]![0]!["logits"]!
            .AsArray().Select(v => (float)v!),
    ];
}

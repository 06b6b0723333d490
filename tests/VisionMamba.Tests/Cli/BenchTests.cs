using System.Text.Json.Nodes;

namespace VisionMamba.Tests.Cli;

/// <summary>What svp bench reports, not how fast: a passing test says nothing of time.</summary>
[Collection(CommandLine.Collection)]
public sealed class BenchTests
{
    [Fact]
    public void PassesAndOperationsAreMeasuredAgainstTheMachine()
    {
        JsonNode report = CommandLine.Succeed(
            "bench", "--model", "tiny", "--image-size", "32", "--batch", "1", "--repeats", "1", "--passes",
            "forward,svp_step", "--ops", "--threads", "1", "--json").Json;
        JsonNode model = report["models"]!.AsArray().Single()!;
        Assert.Equal(("tiny", 32, 1), ((string)model["model"]!, (int)model["image_size"]!, (int)model["batch"]!));
        foreach (string pass in new[] { "forward", "svp_step" })
            Assert.True((double)model[pass]!["images_per_second"]! > 0, pass);
        Assert.Null(model["full_step"]);
        JsonArray operations = model["operations"]!.AsArray();
        (string, string)[] names =
            [.. operations.Select(o => ((string)o!["operation"]!, (string)o["pass"]!))];
        Assert.True(names.Length > 10, $"{names.Length} operations");
        Assert.Equal(names, names.Distinct());
        Assert.Contains(names, n => n.Item1.Contains("scan", StringComparison.Ordinal));
        Assert.All(operations, o => Assert.True(
            (double)o!["milliseconds_per_image"]! > 0 && (double)o["floor_milliseconds_per_image"]! > 0, $"{o}"));
    }
}

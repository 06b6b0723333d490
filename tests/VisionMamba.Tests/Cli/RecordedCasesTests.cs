using System.Text.Json.Nodes;
using VisionMamba.Tests.Data;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Cli;

/// <summary>`svp doctor --reference`: recorded gradients on the processor, and that a wrong one is named.</summary>
[Collection(CommandLine.Collection)]
public sealed class RecordedCasesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string Fixtures => Path.Combine(ReferenceData.Fixtures, "model");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("fp32")]
    [InlineData("bf16")]
    public void TheProcessorEqualsTheRecordedCases(string precision)
    {
        JsonNode checks = CommandLine.Succeed("doctor", "--reference", Fixtures, "--precision", precision, "--json")
            .Json["checks"]!;
        foreach (string name in (string[])["recorded_overlapping_patches", "recorded_prompt_tokenwise_odd"])
            Assert.StartsWith("ok (", (string)checks[name]!);
    }

    [Fact]
    public void AWrongCaseIsNamed()
    {
        var manifest = (JsonArray)JsonNode.Parse(File.ReadAllText(Path.Combine(Fixtures, "manifest.json")))!;
        JsonNode wrong = manifest[1]!;
        wrong["label_smoothing"] = 0.11;
        foreach (string key in (string[])["checkpoint", "tensors"])
            File.Copy(Path.Combine(Fixtures, (string)wrong[key]!), _folder.At((string)wrong[key]!));
        _folder.Write("manifest.json", new JsonArray(wrong.DeepClone()).ToJsonString());
        CommandResult result = CommandLine.Run("doctor", "--reference", _folder.Path, "--json");
        Assert.Equal(1, result.Code);
        Assert.StartsWith("wrong: ", (string)result.Json["checks"]!["recorded_prompt_tokenwise_odd"]!);
    }

    [Theory]
    [InlineData(null, "has no manifest.json")]
    [InlineData("[{]", "manifest.json cannot be read")]
    [InlineData("""[{"kind":"training"}]""", "manifest.json names no case of kind forward_backward")]
    public void AFolderWithoutCasesIsRefused(string? manifest, string problem)
    {
        if (manifest is not null)
            _folder.Write("manifest.json", manifest);
        CommandResult result = CommandLine.Run("doctor", "--reference", _folder.Path);
        Assert.Equal(2, result.Code);
        Assert.Contains($"--reference {_folder.Path}: {problem}", result.Log);
    }
}

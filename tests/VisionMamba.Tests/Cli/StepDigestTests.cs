using System.Text.Json.Nodes;
using VisionMamba.Cli.Bench;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Cli;

/// <summary>The refactoring check depends on what is computed, and on nothing else.</summary>
public sealed class StepDigestTests
{
    private static readonly string[] s_command = ["bench", "--digest", "--model", StepDigest.Miniature, "--json"];

    [Fact]
    public void DoesNotDependOnTheNumberOfThreads()
    {
        string[] digests = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            using var backend = new CpuBackend(threads);
            return StepDigest.Of([StepDigest.Miniature], backend).ToJsonString();
        })];
        Assert.Single(digests.Distinct());
    }

    [Fact]
    public void TellsMethodsApart()
    {
        using var backend = new CpuBackend(1);
        JsonObject report = StepDigest.Of([StepDigest.Miniature], backend);
        Assert.Equal(3, report.Select(r => (string)r.Value!).Distinct().Count());
    }

    [Fact]
    public async Task Avx2GivesTheBitsOfAvx512()
    {
        Assert.SkipUnless(System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated, "no AVX-512 here");
        JsonNode best = (await SvpProcess.Succeed(SvpProcess.Built, s_command)).Json;
        JsonNode avx2 = (await SvpProcess.Succeed(SvpProcess.Built, s_command, ("DOTNET_EnableAVX512", "0"))).Json;
        Assert.Equal(best.ToJsonString(), avx2.ToJsonString());
    }

    /// <summary>Without any vector instruction the last bits differ, but the recorded cases hold.</summary>
    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public async Task LesserProcessorsReproduceTheRecordedCases(string switchedOff)
    {
        CommandResult tests = await SvpProcess.Run(
            Environment.ProcessPath!, ["--filter-class", "*ForwardBackwardTests", "--no-progress"],
            (switchedOff, "0"), ("VISIONMAMBA_REFERENCE", ReferenceData.Fixtures));
        Assert.True(tests.Code == 0, tests.Output);
        Assert.Matches(@"succeeded: [1-9]", tests.Output);
    }
}

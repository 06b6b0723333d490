using VisionMamba.Cli.Devices;
using VisionMamba.Gpu;
using VisionMamba.Tensors;
using VisionMamba.Tests.Cli;

namespace VisionMamba.Tests.Gpu;

/// <summary>
/// A real card: what `svp doctor --device cuda` proves. Without one, what the command line says instead.
/// </summary>
[Collection(CommandLine.Collection)]
public sealed class CudaDeviceTests
{
    [Fact]
    [Trait("Device", "cuda")]
    public void TheCardPassesEveryCheck()
    {
        SkipWithoutDevice();
        using Backend backend = GpuDevices.Open(0, "fp32");
        foreach ((string name, Func<string> run) in new DeviceCheck(backend).All())
            Assert.True(run() is var said && said.StartsWith("ok", StringComparison.Ordinal), $"{name}: {said}");
    }

    [Fact]
    [Trait("Device", "cuda")]
    public void ANumberBeyondTheLastIsRefused()
    {
        SkipWithoutDevice();
        var error = Assert.Throws<VisionMambaException>(() => GpuDevices.Open(1000, "fp32"));
        Assert.Contains("--device cuda:1000", error.Message);
        Assert.Contains("cuda:0", error.Message);
    }

    [Fact]
    public void WithoutADriverCudaIsAnErrorAndAutoIsTheProcessor()
    {
        Assert.SkipWhen(GpuDevices.WhyNone() is null, "a CUDA driver is installed");
        CommandResult refused = CommandLine.Run("doctor", "--device", "cuda");
        Assert.Equal(2, refused.Code);
        Assert.Contains("--device cuda: no CUDA driver is installed", refused.Log);
        CommandResult chosen = CommandLine.Run("doctor", "--device", "auto");
        Assert.Equal(0, chosen.Code);
        Assert.Contains("--device auto: cpu (no CUDA driver is installed", chosen.Log);
    }

    /// <summary>cuBLAS would compute in fp32 there and say nothing.</summary>
    [Theory]
    [InlineData(Precision.Fp32, 7, 0, null)]
    [InlineData(Precision.Tf32, 7, 5, "sm_75 has no tf32")]
    [InlineData(Precision.Bf16, 7, 0, "sm_70 has no bf16")]
    [InlineData(Precision.Fp16, 7, 0, null)]
    [InlineData(Precision.Fp16, 7, 5, null)]
    [InlineData(Precision.Tf32, 8, 0, null)]
    [InlineData(Precision.Bf16, 9, 0, null)]
    public void APrecisionThatACardLacksIsRefused(Precision precision, int major, int minor, string? problem)
    {
        if (problem is null)
            Assert.Null(precision.Missing(major, minor));
        else
            Assert.StartsWith(problem, precision.Missing(major, minor));
    }

    private static void SkipWithoutDevice() => Assert.SkipUnless(
        GpuDevices.WhyNone() is null && CudaDeviceInfo.All().Any(d => d.Problem is null), "no CUDA device");
}

using VisionMamba.Cli.Devices;
using VisionMamba.Gpu;
using VisionMamba.Tensors;
using VisionMamba.Tests.Cli;

namespace VisionMamba.Tests.Gpu;

/// <summary>A real card: what `svp doctor --device cuda` proves. Without one, what the command line says instead.</summary>
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

    private static void SkipWithoutDevice() => Assert.SkipUnless(
        GpuDevices.WhyNone() is null && CudaDeviceInfo.All().Any(d => d.Problem is null), "no CUDA device");
}

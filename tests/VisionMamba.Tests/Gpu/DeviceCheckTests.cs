using VisionMamba.Cli.Devices;
using VisionMamba.Gpu;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Gpu;

/// <summary>What `svp doctor --device` runs on a card, on the emulated one; and that it can fail.</summary>
public sealed class DeviceCheckTests(EmulatedDevice device) : IClassFixture<EmulatedDevice>
{
    // The other methods' steps are compared in EmulatedStepTests; emulation is slow.
    [Theory]
    [InlineData("equals_cpu_svp")]
    [InlineData("repeats_its_bits")]
    [InlineData("memory_is_flat")]
    public void TheEmulatedDevicePasses(string name) =>
        Assert.StartsWith("ok", new DeviceCheck(device.Backend, steps: 2).All().Single(c => c.Name == name).Run());

    /// <summary>Where inputs of products are rounded, what is allowed is enough for everything that trains.</summary>
    [Theory]
    [InlineData(Precision.Tf32)]
    [InlineData(Precision.Bf16)]
    [InlineData(Precision.Fp16)]
    public void ARoundingDevicePassesAtItsPrecision(Precision precision)
    {
        using var backend = LibraryBackend.Create(precision);
        var check = new DeviceCheck(backend, steps: 2, precision.ToString().ToLowerInvariant());
        string said = check.All().Single(c => c.Name == "equals_cpu_full").Run();
        TestContext.Current.TestOutputHelper?.WriteLine(said);
        Assert.StartsWith("ok", said);
    }

    /// <summary>A kernel that is wrong by one part in a thousand is found.</summary>
    [Fact]
    public void AWrongKernelIsNamed()
    {
        using var backend = new SlightlyWrongBackend();
        string said = new DeviceCheck(backend, 2).All().Single(c => c.Name == "equals_cpu_linear").Run();
        Assert.StartsWith("wrong: ", said);
    }

    private sealed class SlightlyWrongBackend : EmulatedBackend
    {
        public override void LinearForward(Tensor x, Tensor weight, Tensor? bias, Tensor y)
        {
            base.LinearForward(x, weight, bias, y);
            Scale(y, 1.001f);
        }
    }
}

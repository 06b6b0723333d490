using VisionMamba.Cli.Planning;
using VisionMamba.Gpu;
using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Tests.Models;
using VisionMamba.Tests.Ops;
using VisionMamba.Training.Losses;

namespace VisionMamba.Tests.Gpu;

/// <summary>
/// Activations kept as bfloat16, emulated: rounded as the oracle rounds, steps near those that keep them whole, and
/// half the memory between the two passes. The products are the program's own, in fp32: what differs is packing alone.
/// </summary>
public sealed class PackTests(EmulatedDevice device) : IClassFixture<EmulatedDevice>
{
    private const int Depth = 2;

    public static IEnumerable<TheoryDataRow<int>> Counts => PackCase.Counts.Select(c => new TheoryDataRow<int>(c));

    [Theory]
    [MemberData(nameof(Counts))]
    public void RoundsToNearestEven(int count) => PackCase.Check(device.Backend, count);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void GradientsAreNearAndTheForwardPassIsTheSame(bool full)
    {
        using var packing = new EmulatedBackend { Precision = Precision.Bf16 };
        PackedStep packed = PackedStep.Run(full, packing, Depth);
        PackedStep.Compare(PackedStep.Run(full, device.Backend, Depth), packed, full, Depth);
    }

    /// <summary>A plan's formula knows the packed numbers and the scan's states. (What `--micro-batch` is advised by is
    /// measured on the device.)</summary>
    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Bf16)]
    public void ThePlanKnowsWhatThisDeviceKeeps(Precision precision)
    {
        using var backend = new EmulatedBackend { Precision = precision };
        VisionMambaModel model = SmallModels.Create(
            "svp", """{"shared_layers":2,"inner_width":32}""", SmallModels.Config with { Depth = 3, State = 16 });
        using var session = new ModelSession(model, backend);
        int size = model.Config.ImageSize;
        session.Gradients(
            new Tensor(1, 3, size, size), SoftTargets.Of([0], model.Config.Classes, 0),
            new ForwardContext(true, new Rng(1, 2), 0));
        Assert.InRange((double)ActivationEstimate.BytesPerImage(model, backend)! / session.PeakBytes, 0.9, 1.15);
    }
}

using VisionMamba.Cli.Devices;
using VisionMamba.Gpu;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Gpu;

/// <summary>
/// The recorded passes of the published implementation on the emulated device, in the precisions of its products and as
/// it keeps its activations: what `svp doctor --device cuda --reference` compares on a card.
/// </summary>
public sealed class EmulatedReferenceTests
{
    [Theory]
    [InlineData("fp32")]
    [InlineData("tf32")]
    [InlineData("bf16")]
    [InlineData("fp16")]
    public void LogitsLossAndGradientsEqualTheRecorded(string precision)
    {
        using GpuBackend device = LibraryBackend.Create(Enum.Parse<Precision>(precision, ignoreCase: true));
        foreach ((string name, Func<string> check) in new RecordedCases(Path.Combine(ReferenceData.Fixtures, "model"))
            .All(device, NumbersApart.Allowed(precision)))
        {
            string said = check();
            TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {said}");
            Assert.StartsWith("ok (", said);
        }
    }
}

using VisionMamba.Models.Explaining;
using VisionMamba.Tensors;
using VisionMamba.Tests.Ops;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Models.Explaining;

/// <summary>
/// With its gates held the scan is linear in its input, and the attention row is its exact decomposition.
/// </summary>
public sealed class HiddenAttentionTests
{
    private const int Batch = 2, Length = 9, Inner = 5, State = 3, Rank = 2, At = 4, Sample = 1;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ThePartsAddUpToTheScansOutput(bool reversed)
    {
        ScanInputs inputs = Inputs(reversed);
        float[] row = HiddenAttention.Row(Direction(inputs), Sample, At);
        Block expected = SelectiveScanOracle.Scan(inputs);
        for (int e = 0; e < Inner; e++)
        {
            double sum = Enumerable.Range(0, Length).Sum(j => row[(j * Inner) + e] * inputs.U[Sample, j, e]);
            Assert.Equal(expected[Sample, At, e], sum, 1e-5);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void MovingATokenMovesTheOutputByItsWeight(bool reversed)
    {
        ScanInputs inputs = Inputs(reversed);
        float[] row = HiddenAttention.Row(Direction(inputs), Sample, At);
        const double Step = 1e-3;
        for (int j = 0; j < Length; j++)
        {
            for (int e = 0; e < Inner; e++)
            {
                double[] direction = new double[inputs.U.Count];
                direction[(((Sample * Length) + j) * Inner) + e] = 1;
                ScanInputs other = inputs with { U = inputs.U.Moved(direction, Step) };
                double moved = SelectiveScanOracle.Scan(other)[Sample, At, e]
                    - SelectiveScanOracle.Scan(inputs)[Sample, At, e];
                Assert.Equal(moved / Step, row[(j * Inner) + e], 1e-5);
                bool read = reversed ? j >= At : j <= At;
                Assert.Equal(read, row[(j * Inner) + e] != 0);
            }
        }
    }

    private static ScanInputs Inputs(bool reversed) => new(
        Values.Normal("u", 1, 0, Batch, Length, Inner), Values.Normal("delta", 0.5, 0, Batch, Length, Inner),
        Values.Normal("bc", 1, 0, Batch, Length, Rank + (2 * State)), Values.Normal("a", 0.5, 0, Inner, State),
        Values.Normal("d", 1, 0, Inner), Values.Normal("bias", 0.5, 0, Inner), reversed);

    private static ScanDirection Direction(ScanInputs s) => new(
        Of(s.U), Of(s.Delta), Of(s.Bc), Of(s.ALog), Of(s.D), Of(s.DeltaBias), s.Reversed);

    private static Tensor Of(Block block) => Tensor.From(block.Floats, block.Shape);
}

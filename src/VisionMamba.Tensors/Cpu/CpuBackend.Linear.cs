using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void LinearForward(Tensor x, Tensor weight, Tensor? bias, Tensor y)
    {
        (int m, int n, int k) = LinearSizes(x, weight);
        _gemm.Multiply(
            false, true, m, n, k, x.Pointer, x.Columns, weight.Pointer, k, y.Pointer, n,
            accumulate: false, bias is null ? null : bias.Pointer);
        Keep(x, weight, bias, y);
    }

    /// <inheritdoc/>
    public override void LinearBackward(
        Tensor x, Tensor weight, Tensor dY, Tensor? dX, Tensor? dWeight, Tensor? dBias)
    {
        (int m, int n, int k) = LinearSizes(x, weight);
        if (dX is not null)
        {
            _gemm.Multiply(
                false, false, m, k, n, dY.Pointer, n, weight.Pointer, k, dX.Pointer, x.Columns,
                accumulate: !dX.TakeBlank());
        }

        if (dWeight is not null)
        {
            _gemm.Multiply(
                true, false, n, k, m, dY.Pointer, n, x.Pointer, x.Columns, dWeight.Pointer, k, accumulate: true);
        }

        if (dBias is not null)
            AddColumnSums(dY.Pointer, m, n, dBias.Pointer);
        Keep(x, weight, dY, dX);
        Keep(dWeight, dBias);
    }

    private static (int M, int N, int K) LinearSizes(Tensor x, Tensor weight) =>
        (x.Rows, weight.Shape[0], (int)(weight.Count / weight.Shape[0]));

    /// <summary>sums += the column sums; threads split the columns, so the order of the rows is fixed.</summary>
    private void AddColumnSums(float* values, int rows, int columns, float* sums) =>
        OverChannels(columns, new ColumnSumsKernel(values, rows, columns, sums));

    private readonly struct ColumnSumsKernel(float* values, int rows, int columns, float* sums) : IRange
    {
        public void Run(int from, int to)
        {
            for (int c = from; c < to; c += Simd.Lanes)
            {
                int count = Math.Min(Simd.Lanes, to - c);
                Vector512<float> sum = Vector512<float>.Zero;
                for (int r = 0; r < rows; r++)
                    sum += Simd.Load(values + ((long)r * columns) + c, count);
                Simd.Add(sum, sums + c, count);
            }
        }
    }
}

using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void AddNormForward(in AddNormArguments a, Tensor sum, Tensor y, Tensor statistics)
    {
        OverRows(sum.Rows, sum.Columns, new AddNormKernel(a, sum, y, statistics));
    }

    /// <inheritdoc/>
    public override void AddNormBackward(
        in AddNormArguments a, Tensor sum, Tensor statistics, Tensor? dY, Tensor? dSum,
        Tensor? dHidden, Tensor? dResidual, Tensor? dWeight, Tensor? dBias)
    {
        int rows = sum.Rows, columns = sum.Columns;
        if (dHidden is not null || dResidual is not null)
            OverRows(rows, columns, new AddNormGradientKernel(a, sum, statistics, dY, dSum, dHidden, dResidual));
        if (dY is not null && dWeight is not null)
            OverChannels(columns, new NormWeightGradientKernel(sum, statistics, dY, dWeight));
        if (dY is not null && dBias is not null)
            AddColumnSums(dY.Pointer, rows, columns, dBias.Pointer);
        Keep(dY, dBias);
    }

    /// <summary>
    /// g = dSum + inverse * (w dY - mean(w dY) [LayerNorm only] - n * mean(w dY n)) with n = (sum - mean) * inverse.
    /// </summary>
    private static void RowGradient(
        in AddNormArguments a, float* s, float* statistics, float* dY, float* dSum, float* g, int columns)
    {
        float mean = statistics[0], inverse = statistics[1], meanDy = 0, meanDyN = 0;
        float* w = a.Weight.Pointer;
        if (dY != null)
        {
            Vector512<float> total = Vector512<float>.Zero, dot = Vector512<float>.Zero;
            for (int c = 0; c < columns; c += Simd.Lanes)
            {
                int count = Math.Min(Simd.Lanes, columns - c);
                Vector512<float> wd = Simd.Load(w + c, count) * Simd.Load(dY + c, count);
                total += wd;
                dot = Simd.Fma(wd, (Simd.Load(s + c, count) - Vector512.Create(mean)) * inverse, dot);
            }

            meanDy = a.Kind == NormKind.LayerNorm ? Vector512.Sum(total) / columns : 0;
            meanDyN = Vector512.Sum(dot) / columns;
        }

        for (int c = 0; c < columns; c += Simd.Lanes)
        {
            int count = Math.Min(Simd.Lanes, columns - c);
            Vector512<float> value = dSum == null ? Vector512<float>.Zero : Simd.Load(dSum + c, count);
            if (dY != null)
            {
                Vector512<float> n = (Simd.Load(s + c, count) - Vector512.Create(mean)) * inverse;
                Vector512<float> wd = Simd.Load(w + c, count) * Simd.Load(dY + c, count);
                value = Simd.Fma(wd - Vector512.Create(meanDy) - (n * meanDyN), Vector512.Create(inverse), value);
            }

            Simd.Store(value, g + c, count);
        }
    }

    private static void AddRow(float* hidden, float* residual, float drop, float* sum, int columns)
    {
        for (int c = 0; c < columns; c += Simd.Lanes)
        {
            int count = Math.Min(Simd.Lanes, columns - c);
            Vector512<float> value = Simd.Load(hidden + c, count) * drop;
            if (residual != null)
                value += Simd.Load(residual + c, count);
            Simd.Store(value, sum + c, count);
        }
    }

    private static void NormRow(float* s, float mean, float inverse, float* weight, float* bias, float* y, int columns)
    {
        for (int c = 0; c < columns; c += Simd.Lanes)
        {
            int count = Math.Min(Simd.Lanes, columns - c);
            Vector512<float> n = (Simd.Load(s + c, count) - Vector512.Create(mean)) * inverse;
            n *= Simd.Load(weight + c, count);
            if (bias != null)
                n += Simd.Load(bias + c, count);
            Simd.Store(n, y + c, count);
        }
    }

    private static void AddScaled(float* from, float factor, float* to, int columns)
    {
        for (int c = 0; c < columns; c += Simd.Lanes)
        {
            int count = Math.Min(Simd.Lanes, columns - c);
            Simd.Add(Simd.Load(from + c, count) * factor, to + c, count);
        }
    }

    private static float Sum(float* values, int columns)
    {
        Vector512<float> total = Vector512<float>.Zero;
        for (int c = 0; c < columns; c += Simd.Lanes)
            total += Simd.Load(values + c, Math.Min(Simd.Lanes, columns - c));
        return Vector512.Sum(total);
    }

    private static float SquaredDistance(float* values, float mean, int columns)
    {
        Vector512<float> total = Vector512<float>.Zero, centre = Vector512.Create(mean);
        int c = 0;
        for (; c + Simd.Lanes <= columns; c += Simd.Lanes)
        {
            Vector512<float> d = Vector512.Load(values + c) - centre;
            total = Simd.Fma(d, d, total);
        }

        float sum = Vector512.Sum(total);
        for (; c < columns; c++)
            sum += (values[c] - mean) * (values[c] - mean);
        return sum;
    }

    private readonly struct AddNormKernel(AddNormArguments a, Tensor sum, Tensor y, Tensor statistics) : IRange
    {
        public void Run(int from, int to)
        {
            int columns = sum.Columns, length = sum.Rows / sum.Shape[0];
            for (int r = from; r < to; r++)
            {
                long at = (long)r * columns;
                float* s = sum.Pointer + at;
                float drop = a.DropScale is null ? 1 : a.DropScale.Pointer[r / length];
                float* residual = a.Residual is null ? null : a.Residual.Pointer + at;
                AddRow(a.Hidden.Pointer + at, residual, drop, s, columns);
                float mean = a.Kind == NormKind.LayerNorm ? Sum(s, columns) / columns : 0;
                float inverse = 1 / MathF.Sqrt((SquaredDistance(s, mean, columns) / columns) + a.Epsilon);
                NormRow(s, mean, inverse, a.Weight.Pointer, a.Bias is null ? null : a.Bias.Pointer,
                    y.Pointer + at, columns);
                statistics.Pointer[2 * r] = mean;
                statistics.Pointer[(2 * r) + 1] = inverse;
            }
        }
    }

    private readonly struct AddNormGradientKernel(
        AddNormArguments a, Tensor sum, Tensor statistics, Tensor? dY, Tensor? dSum, Tensor? dHidden,
        Tensor? dResidual) : IRange
    {
        public void Run(int from, int to)
        {
            int columns = sum.Columns, length = sum.Rows / sum.Shape[0];
            float* g = Scratch.Take(columns + Simd.Lanes);
            for (int r = from; r < to; r++)
            {
                long at = (long)r * columns;
                RowGradient(a, sum.Pointer + at, statistics.Pointer + (2 * r),
                    dY is null ? null : dY.Pointer + at, dSum is null ? null : dSum.Pointer + at, g, columns);
                float drop = a.DropScale is null ? 1 : a.DropScale.Pointer[r / length];
                if (dHidden is not null)
                    AddScaled(g, drop, dHidden.Pointer + at, columns);
                if (dResidual is not null)
                    AddScaled(g, 1, dResidual.Pointer + at, columns);
            }
        }
    }

    private readonly struct NormWeightGradientKernel(Tensor sum, Tensor statistics, Tensor dY, Tensor dWeight) : IRange
    {
        public void Run(int from, int to)
        {
            int rows = sum.Rows, columns = sum.Columns;
            for (int c = from; c < to; c += Simd.Lanes)
            {
                int count = Math.Min(Simd.Lanes, to - c);
                Vector512<float> total = Vector512<float>.Zero;
                for (int r = 0; r < rows; r++)
                {
                    long at = ((long)r * columns) + c;
                    Vector512<float> centred =
                        Simd.Load(sum.Pointer + at, count) - Vector512.Create(statistics.Pointer[2 * r]);
                    total = Simd.Fma(
                        Simd.Load(dY.Pointer + at, count), centred * statistics.Pointer[(2 * r) + 1], total);
                }

                Simd.Add(total, dWeight.Pointer + c, count);
            }
        }
    }
}

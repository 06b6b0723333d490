using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    private const ulong CrossStream = 0, InnerStream = 1;

    /// <inheritdoc/>
    public override void SelectivePromptForward(in SelectivePromptArguments a, Tensor y)
    {
        SelectivePromptArguments args = a;
        int dim = y.Columns, length = y.Shape[1];
        OverRows(y.Rows, dim, (from, to) =>
        {
            float* mask = Scratch.Take(dim + Simd.Lanes);
            for (int row = from; row < to; row++)
            {
                long at = (long)row * dim;
                new ReadOnlySpan<float>(args.X.Pointer + at, dim).CopyTo(new Span<float>(y.Pointer + at, dim));
                if (row % length == args.ClassToken)
                    continue;
                if (args.Cross is not null)
                    AddPrompt(args, args.Cross, ScaleRow(args.Alpha, args.AlphaRow), CrossStream, at, dim, mask, y.Pointer);
                if (args.Inner is not null)
                    AddPrompt(args, args.Inner, ScaleRow(args.Beta, args.BetaRow), InnerStream, at, dim, mask, y.Pointer);
            }
        });
    }

    /// <inheritdoc/>
    public override void SelectivePromptBackward(
        in SelectivePromptArguments a, Tensor dY,
        Tensor? dX, Tensor? dCross, Tensor? dInner, Tensor? dAlpha, Tensor? dBeta)
    {
        if (dX is not null)
        {
            int dim = dY.Columns;
            OverRows(dY.Rows, dim, (from, to) =>
                AddScaled(dY.Pointer + ((long)from * dim), 1, dX.Pointer + ((long)from * dim), (to - from) * dim));
        }

        if (a.Cross is not null)
            PromptGradient(a, a.Cross, a.Alpha!, a.AlphaRow, CrossStream, dY, dCross, dAlpha);
        if (a.Inner is not null)
            PromptGradient(a, a.Inner, a.Beta!, a.BetaRow, InnerStream, dY, dInner, dBeta);
    }

    private static float* ScaleRow(Tensor? scales, int row) => scales!.Pointer + ((long)row * scales.Columns);

    private static void AddPrompt(
        in SelectivePromptArguments a, Tensor prompt, float* scale, ulong stream, long at, int dim, float* mask, float* y)
    {
        DropMask(a, stream, at + FirstElement(a), dim, mask);
        for (int c = 0; c < dim; c += Simd.Lanes)
        {
            int count = Math.Min(Simd.Lanes, dim - c);
            Vector512<float> p = Simd.Silu(Simd.Load(prompt.Pointer + at + c, count)) * Vector512.Load(mask + c);
            Simd.Add(p * Simd.Load(scale + c, count), y + at + c, count);
        }
    }

    /// <summary>d prompt += dY scale mask silu'(prompt); d scale += sum over tokens of dY mask silu(prompt).</summary>
    private void PromptGradient(
        SelectivePromptArguments a, Tensor prompt, Tensor scales, int scaleRow, ulong stream,
        Tensor dY, Tensor? dPrompt, Tensor? dScales)
    {
        int dim = dY.Columns, rows = dY.Rows, length = dY.Shape[1];
        float* scale = ScaleRow(scales, scaleRow);
        float* dScale = dScales is null ? null : ScaleRow(dScales, scaleRow);
        OverChannels(dim, (from, to) =>
        {
            float* mask = stackalloc float[Simd.Lanes];
            for (int c = from; c < to; c += Simd.Lanes)
            {
                int count = Math.Min(Simd.Lanes, to - c);
                Vector512<float> factor = Simd.Load(scale + c, count), total = Vector512<float>.Zero;
                for (int row = 0; row < rows; row++)
                {
                    if (row % length == a.ClassToken)
                        continue;
                    long at = ((long)row * dim) + c;
                    DropMask(a, stream, at + FirstElement(a), count, mask);
                    Vector512<float> p = Simd.Load(prompt.Pointer + at, count), gate = Simd.Sigmoid(p);
                    Vector512<float> g = Simd.Load(dY.Pointer + at, count) * Vector512.Load(mask);
                    total = Simd.Fma(g, p * gate, total);
                    if (dPrompt is not null)
                        Simd.Add(g * factor * Simd.SiluSlope(p, gate), dPrompt.Pointer + at, count);
                }

                if (dScale != null)
                    Simd.Add(total, dScale + c, count);
            }
        });
        Keep(scales, dScales);
    }

    /// <summary>Where the first sample stands in the whole batch.</summary>
    private static long FirstElement(in SelectivePromptArguments a) => (long)a.FirstImage * a.X.Shape[1] * a.X.Columns;

    /// <summary>1 / (1 - p) where an element is kept, else 0; a function of the element's index in the batch alone.</summary>
    private static void DropMask(in SelectivePromptArguments a, ulong stream, long at, int count, float* mask)
    {
        if (a.Dropout == 0)
        {
            new Span<float>(mask, (count + Simd.Lanes - 1) / Simd.Lanes * Simd.Lanes).Fill(1);
            return;
        }

        Rng rng = a.Rng.Derive(stream);
        for (int i = 0; i < count; i++)
            mask[i] = rng.Uniform((ulong)(at + i)) < a.Dropout ? 0 : 1 / (1 - a.Dropout);
    }
}

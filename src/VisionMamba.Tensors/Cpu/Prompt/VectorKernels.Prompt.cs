using System.Runtime.CompilerServices;

namespace VisionMamba.Tensors.Cpu;

internal abstract unsafe partial class VectorKernels
{
    /// <summary>y += scale mask silu(prompt) over one row of <paramref name="dim"/> channels.</summary>
    public abstract void AddPrompt(float* prompt, float* scale, float* mask, float* y, int dim);

    /// <summary>
    /// Over channels from .. to of all rows but the class tokens': d prompt += dY scale mask silu'(prompt), and d scale
    /// += sum over rows of dY mask silu(prompt); null where frozen.
    /// </summary>
    public abstract void PromptGradient(in PromptGradientJob job, int from, int to);
}

/// <summary>One prompt's part of the backward pass; tensors (rows, dim).</summary>
internal unsafe struct PromptGradientJob
{
    public SelectivePromptArguments Arguments;
    public ulong Stream;
    public int Rows, Dim;
    public float* Prompt, Scale, DY, DPrompt, DScale;

    /// <summary>Whether DPrompt is written instead of added to.</summary>
    public bool Store;
}

internal sealed unsafe partial class VectorKernels<T>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void AddPrompt(float* prompt, float* scale, float* mask, float* y, int dim)
    {
        for (int c = 0; c < dim; c += T.Count)
        {
            int count = Math.Min(T.Count, dim - c);
            T p = VectorMath.Silu(T.Load(prompt + c, count));
            if (mask != null)
                p *= T.Load(mask + c, count);
            T.Fma(p, T.Load(scale + c, count), T.Load(y + c, count)).Store(y + c, count);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void PromptGradient(in PromptGradientJob job, int from, int to)
    {
        float* mask = stackalloc float[Simd.Lanes];
        int length = job.Arguments.X.Shape[1], classToken = job.Arguments.ClassToken;
        bool drops = job.Arguments.Dropout > 0;
        for (int c = from; c < to; c += T.Count)
        {
            int count = Math.Min(T.Count, to - c);
            T factor = T.Load(job.Scale + c, count), total = default;
            for (int row = 0, token = 0; row < job.Rows; row++, token = token + 1 == length ? 0 : token + 1)
            {
                long at = ((long)row * job.Dim) + c;
                if (token == classToken)
                {
                    if (job.DPrompt != null && job.Store)
                        default(T).Store(job.DPrompt + at, count);
                    continue;
                }

                T p = T.Load(job.Prompt + at, count), gate = VectorMath.Sigmoid(p), g = T.Load(job.DY + at, count);
                if (drops)
                {
                    PromptDropout.Mask(job.Arguments, job.Stream, at, count, mask);
                    g *= T.Load(mask, count);
                }

                total = T.Fma(g, p * gate, total);
                if (job.DPrompt == null)
                    continue;
                T d = g * factor * VectorMath.SiluSlope(p, gate);
                (job.Store ? d : d + T.Load(job.DPrompt + at, count)).Store(job.DPrompt + at, count);
            }

            if (job.DScale != null)
                (total + T.Load(job.DScale + c, count)).Store(job.DScale + c, count);
        }
    }
}

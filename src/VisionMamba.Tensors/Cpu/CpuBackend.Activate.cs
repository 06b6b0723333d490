namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void ActivateForward(in ActivateArguments a, Tensor y)
    {
        OverRows(y.Rows, y.Columns, new ActivateKernel(a, y));
        Keep(a.X, y);
    }

    /// <inheritdoc/>
    public override void ActivateBackward(in ActivateArguments a, Tensor dY, Tensor dX)
    {
        OverRows(dY.Rows, dY.Columns, new ActivateGradientKernel(a, dY, dX));
        Keep(a.X, dY, dX);
    }

    /// <summary>1 / (1 - p) where element <paramref name="at"/> is kept, else 0.</summary>
    private static float KeptShare(in ActivateArguments a, long at)
    {
        if (a.Dropout == 0)
            return 1;
        long first = a.FirstImage * (a.X.Count / a.X.Shape[0]);
        return a.Rng.Uniform((ulong)(first + at)) < a.Dropout ? 0 : 1 / (1 - a.Dropout);
    }

    private readonly struct ActivateKernel(ActivateArguments a, Tensor y) : IRange
    {
        public void Run(int first, int last)
        {
            float* x = a.X.Pointer, target = y.Pointer;
            for (long i = (long)first * y.Columns; i < (long)last * y.Columns; i++)
                target[i] = a.Relu && x[i] <= 0 ? 0 : x[i] * KeptShare(a, i);
        }
    }

    private readonly struct ActivateGradientKernel(ActivateArguments a, Tensor dY, Tensor dX) : IRange
    {
        public void Run(int first, int last)
        {
            float* x = a.Relu ? a.X.Pointer : null, g = dY.Pointer, target = dX.Pointer;
            for (long i = (long)first * dY.Columns; i < (long)last * dY.Columns; i++)
            {
                if (x == null || x[i] > 0)
                    target[i] += g[i] * KeptShare(a, i);
            }
        }
    }
}

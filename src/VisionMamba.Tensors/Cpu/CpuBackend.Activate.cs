namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void ActivateForward(in ActivateArguments a, Tensor y)
    {
        ActivateArguments args = a;
        float* x = a.X.Pointer, target = y.Pointer;
        OverRows(y.Rows, y.Columns, (first, last) =>
        {
            for (long i = (long)first * y.Columns; i < (long)last * y.Columns; i++)
                target[i] = args.Relu && x[i] <= 0 ? 0 : x[i] * KeptShare(args, i);
        });
        Keep(a.X, y);
    }

    /// <inheritdoc/>
    public override void ActivateBackward(in ActivateArguments a, Tensor dY, Tensor dX)
    {
        ActivateArguments args = a;
        float* x = a.Relu ? a.X.Pointer : null, g = dY.Pointer, target = dX.Pointer;
        OverRows(dY.Rows, dY.Columns, (first, last) =>
        {
            for (long i = (long)first * dY.Columns; i < (long)last * dY.Columns; i++)
            {
                if (x == null || x[i] > 0)
                    target[i] += g[i] * KeptShare(args, i);
            }
        });
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
}

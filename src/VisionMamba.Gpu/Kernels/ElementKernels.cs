using ILGPU;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu.Kernels;

/// <summary>Inputs of the kernels that go through numbers one by one; what each reads is said beside it.</summary>
internal struct ElementArguments
{
    public ArrayView<float> X, Y;

    public long Count;

    /// <summary>A value, factor or limit.</summary>
    public float Value;
}

/// <summary>Inputs of an activation with dropout; a 0 flag is one that does not act.</summary>
internal struct ActivationArguments
{
    public ArrayView<float> X, From, To;

    public Rng Rng;

    public long Count, FirstElement;

    public float Dropout;

    public int Relu;

    /// <summary>1 / (1 - p) where an element is kept, else 0: the CPU's decisions, from the same numbers.</summary>
    public readonly float Share(long at)
    {
        if (Dropout == 0f)
            return 1f;
        return Rng.Uniform((ulong)(at + FirstElement)) < Dropout ? 0f : 1f / (1f - Dropout);
    }
}

/// <summary>Kernels with a thread for each number.</summary>
internal static class ElementKernels
{
    /// <summary>Threads of a group.</summary>
    public const int GroupSize = 128;

    /// <summary>A thread for each of <paramref name="count"/> numbers.</summary>
    public static KernelConfig Configure(long count) =>
        (new Index3D(checked((int)((count + GroupSize - 1) / GroupSize)), 1, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>The number of this thread.</summary>
    public static long Index => ((long)Grid.IdxX * GroupSize) + Group.IdxX;

    /// <summary>y = value.</summary>
    public static void Fill(ElementArguments a)
    {
        long at = Index;
        if (at < a.Count)
            a.Y[at] = a.Value;
    }

    /// <summary>y = value y.</summary>
    public static void Scale(ElementArguments a)
    {
        long at = Index;
        if (at < a.Count)
            a.Y[at] *= a.Value;
    }

    /// <summary>y = min(max(y, -value), value); NaN stays.</summary>
    public static void Clamp(ElementArguments a)
    {
        long at = Index;
        if (at >= a.Count)
            return;
        float y = a.Y[at];
        y = y < -a.Value ? -a.Value : y;
        a.Y[at] = y > a.Value ? a.Value : y;
    }

    /// <summary>to = share relu(x), or share x.</summary>
    public static void ActivateForward(ActivationArguments a)
    {
        long at = Index;
        if (at >= a.Count)
            return;
        float x = a.X[at];
        a.To[at] = a.Relu != 0 && x <= 0f ? 0f : x * a.Share(at);
    }

    /// <summary>to += share from where x passed.</summary>
    public static void ActivateBackward(ActivationArguments a)
    {
        long at = Index;
        if (at < a.Count && (a.Relu == 0 || a.X[at] > 0f))
            a.To[at] += a.From[at] * a.Share(at);
    }

    /// <summary>y = tanh(x).</summary>
    public static void TanhForward(ElementArguments a)
    {
        long at = Index;
        if (at < a.Count)
            a.Y[at] = DeviceMath.Tanh(a.X[at]);
    }

    /// <summary>to += from (1 - x^2) with x = tanh.</summary>
    public static void TanhBackward(ActivationArguments a)
    {
        long at = Index;
        if (at < a.Count)
            a.To[at] += a.From[at] * (1f - (a.X[at] * a.X[at]));
    }
}

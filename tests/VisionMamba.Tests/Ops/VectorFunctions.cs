using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Tests.Ops;

/// <summary>A vector function over arrays of any length.</summary>
internal delegate float[] VectorFunction(float[] x);

/// <summary>The vector functions in one width, over arrays.</summary>
internal abstract class VectorFunctions
{
    public abstract VectorFunction Exp2 { get; }

    /// <summary>2^(x / 3), where a third is a float.</summary>
    public abstract VectorFunction Exp2Third { get; }

    public abstract VectorFunction FourExp2 { get; }

    public abstract VectorFunction FourShallowExp2 { get; }

    public abstract VectorFunction Exp { get; }

    public abstract VectorFunction Sigmoid { get; }

    public abstract VectorFunction Silu { get; }

    public abstract VectorFunction SiluSlope { get; }

    public abstract VectorFunction Softplus { get; }

    public static VectorFunctions Of(int width) => width switch
    {
        4 => new VectorFunctions<Lanes4>(),
        8 => new VectorFunctions<Lanes8>(),
        _ => new VectorFunctions<Lanes16>(),
    };

    /// <summary>
    /// Doubles <paramref name="count"/> numbers from <paramref name="at"/> on; gives the lanes it loaded.
    /// </summary>
    public abstract float[] DoubleTail(float[] memory, int at, int count);
}

internal sealed unsafe class VectorFunctions<T> : VectorFunctions
    where T : struct, ILanes<T>
{
    private delegate T Function(T x);

    public override VectorFunction Exp2 => x => Apply(v => VectorMath.Exp2Product(v, T.Create(1f)), x);

    public override VectorFunction Exp2Third => x => Apply(v => VectorMath.Exp2Product(v, T.Create(1f / 3)), x);

    public override VectorFunction FourExp2 => x => Apply(v => Four(v, deep: true), x);

    public override VectorFunction FourShallowExp2 => x => Apply(v => Four(v, deep: false), x);

    public override VectorFunction Exp => x => Apply(VectorMath.Exp, x);

    public override VectorFunction Sigmoid => x => Apply(VectorMath.Sigmoid, x);

    public override VectorFunction Silu => x => Apply(VectorMath.Silu, x);

    public override VectorFunction SiluSlope => x => Apply(v => VectorMath.SiluSlope(v, VectorMath.Sigmoid(v)), x);

    public override VectorFunction Softplus => x => Apply(VectorMath.Softplus, x);

    public override float[] DoubleTail(float[] memory, int at, int count)
    {
        float[] lanes = new float[T.Count];
        fixed (float* p = memory, to = lanes)
        {
            T loaded = T.Load(p + at, count);
            loaded.Store(to);
            (loaded + T.Load(p + at, count)).Store(p + at, count);
        }

        return lanes;
    }

    private static T Four(T x, bool deep)
    {
        // 2^(x 1); the others in step are of other factors.
        VectorMath.Exp2Product(
            x, T.Create(0.1f), T.Create(1f), T.Create(-0.3f), T.Create(0f), out _, out T second, out _, out _, deep);
        return second;
    }

    private static float[] Apply(Function function, float[] x)
    {
        float[] y = new float[x.Length];
        fixed (float* from = x, to = y)
        {
            for (int i = 0; i < x.Length; i += T.Count)
            {
                int count = Math.Min(T.Count, x.Length - i);
                function(T.Load(from + i, count)).Store(to + i, count);
            }
        }

        return y;
    }
}

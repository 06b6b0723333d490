namespace VisionMamba.Tensors;

/// <summary>
/// RMSprop with momentum, the decay added to the gradient. PyTorch's: v = alpha v + (1 - alpha) g^2;
/// m = momentum m + g / (sqrt(v) + eps); w -= lr m. TensorFlow's (timm's rmsproptf; v starts at one): eps stands under
/// the root and the rate in the momentum, m = momentum m + lr g / sqrt(v + eps); w -= m.
/// </summary>
public readonly struct RmsPropRule(
    double rate, double decay, double alpha, double momentum, double epsilon, bool tensorFlow) : IUpdateRule
{
    private readonly float _penalty = (float)decay, _alpha = (float)alpha, _rest = (float)(1 - alpha);
    private readonly float _momentum = (float)momentum, _epsilon = (float)epsilon;
    private readonly int _tensorFlow = tensorFlow ? 1 : 0;
    private readonly float _inner = tensorFlow ? (float)rate : 1, _outer = tensorFlow ? 1 : (float)rate;

    /// <inheritdoc/>
    public void Apply<T>(ref T w, ref T g, ref T m, ref T v)
        where T : struct, ILane<T>
    {
        T d = T.Fma(w, _penalty, g), epsilon = T.Create(_epsilon);
        v = T.Fma(d * d, _rest, v * _alpha);
        T root = _tensorFlow != 0 ? T.Sqrt(v + epsilon) : T.Sqrt(v) + epsilon;
        m = T.Fma(m, _momentum, d * _inner / root);
        w -= m * _outer;
    }
}

/// <summary>
/// The first half of LAMB (You et al. 2020): the moments of <paramref name="scale"/> g are updated and the gradient is
/// replaced by u = m / (1 - beta1^t) / (sqrt(v) / sqrt(1 - beta2^t) + eps) + decay w.
/// </summary>
public readonly struct LambRule(
    double decay, double beta1, double beta2, double epsilon, long step, double scale) : IUpdateRule
{
    private readonly float _penalty = (float)decay, _beta1 = (float)beta1, _beta2 = (float)beta2;
    private readonly float _rest1 = (float)(1 - beta1), _rest2 = (float)(1 - beta2), _epsilon = (float)epsilon;
    private readonly float _scale = (float)scale, _correction = (float)(1 / (1 - Math.Pow(beta1, step)));
    private readonly float _root = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, step)));

    /// <inheritdoc/>
    public static bool ChangesGradient => true;

    /// <inheritdoc/>
    public void Apply<T>(ref T w, ref T g, ref T m, ref T v)
        where T : struct, ILane<T>
    {
        T d = g * _scale;
        m = T.Fma(d, _rest1, m * _beta1);
        v = T.Fma(d * d, _rest2, v * _beta2);
        T scale = T.Fma(T.Sqrt(v), _root, T.Create(_epsilon));
        g = T.Fma(w, _penalty, m * _correction / scale);
    }
}

/// <summary>w -= rate g.</summary>
public readonly struct DescentRule(double rate) : IUpdateRule
{
    private readonly float _rate = (float)rate;

    /// <inheritdoc/>
    public void Apply<T>(ref T w, ref T g, ref T m, ref T v)
        where T : struct, ILane<T> => w -= g * _rate;
}

/// <summary>The moving average w = decay w + (1 - decay) g, where g is the value that is followed.</summary>
public readonly struct AverageRule(double decay) : IUpdateRule
{
    private readonly float _keep = (float)decay, _rest = (float)(1 - decay);

    /// <inheritdoc/>
    public void Apply<T>(ref T w, ref T g, ref T m, ref T v)
        where T : struct, ILane<T> =>
        w = T.Fma(g, _rest, w * _keep);
}

namespace VisionMamba.Tensors;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019, algorithm 2; PyTorch's order): w -= lr decay w; m, v are updated;
/// w -= lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps). With <paramref name="coupled"/> the decay is added
/// to the gradient instead, as in Adam (Kingma and Ba 2015).
/// </summary>
public readonly struct AdamRule(
    double rate, double decay, double beta1, double beta2, double epsilon, long step, bool coupled = false)
    : IUpdateRule
{
    private readonly float _keep = coupled ? 1 : (float)(1 - (rate * decay));
    private readonly float _penalty = coupled ? (float)decay : 0;
    private readonly float _beta1 = (float)beta1, _beta2 = (float)beta2;
    private readonly float _rest1 = (float)(1 - beta1), _rest2 = (float)(1 - beta2);
    private readonly float _step = (float)(rate / (1 - Math.Pow(beta1, step)));
    private readonly float _root = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, step)));
    private readonly float _epsilon = (float)epsilon;

    /// <inheritdoc/>
    public void Apply<T>(ref T w, ref T g, ref T m, ref T v)
        where T : struct, ILane<T>
    {
        T d = T.Fma(w, _penalty, g);
        m = T.Fma(d, _rest1, m * _beta1);
        v = T.Fma(d * d, _rest2, v * _beta2);
        T scale = T.Fma(T.Sqrt(v), _root, T.Create(_epsilon));
        w = (w * _keep) - (m / scale * _step);
    }
}

/// <summary>
/// SGD with momentum as PyTorch has it: g += decay w; m = momentum m + g; w -= lr (g + momentum m) with Nesterov's
/// momentum, else w -= lr m.
/// </summary>
public readonly struct SgdRule(double rate, double decay, double momentum, bool nesterov) : IUpdateRule
{
    private readonly float _rate = (float)rate, _penalty = (float)decay, _momentum = (float)momentum;
    private readonly int _nesterov = nesterov ? 1 : 0;

    /// <inheritdoc/>
    public void Apply<T>(ref T w, ref T g, ref T m, ref T v)
        where T : struct, ILane<T>
    {
        T d = T.Fma(w, _penalty, g);
        m = T.Fma(m, _momentum, d);
        w -= (_nesterov != 0 ? T.Fma(m, _momentum, d) : m) * _rate;
    }
}

/// <summary>
/// Lion (Chen et al. 2023, algorithm 2): w -= lr decay w; w -= lr sign(beta1 m + (1 - beta1) g);
/// m = beta2 m + (1 - beta2) g.
/// </summary>
public readonly struct LionRule(double rate, double decay, double beta1, double beta2) : IUpdateRule
{
    private readonly float _rate = (float)rate, _keep = (float)(1 - (rate * decay));
    private readonly float _beta1 = (float)beta1, _rest1 = (float)(1 - beta1), _rest2 = (float)(1 - beta2);

    /// <inheritdoc/>
    public void Apply<T>(ref T w, ref T g, ref T m, ref T v)
        where T : struct, ILane<T>
    {
        T u = T.Fma(g, _rest1, m * _beta1);
        w = (w * _keep) - (T.Sign(u) * _rate);
        m = T.Fma(g - m, _rest2, m);
    }
}

/// <summary>
/// NAdam (Dozat 2016) with the momentum schedule of PyTorch and timm 0.4.12: mu_t = beta1 (1 - 0.96^(0.004 t) / 2);
/// w -= lr ((1 - mu_t) / (1 - product_t) g + mu_(t+1) / (1 - product_(t+1)) m) / (sqrt(v / (1 - beta2^t)) + eps), the
/// decay added to the gradient. <paramref name="product"/> is mu_1 ... mu_t.
/// </summary>
public readonly struct NAdamRule(
    double rate, double decay, double beta1, double beta2, double epsilon, long step, double product) : IUpdateRule
{
    private readonly float _penalty = (float)decay, _beta1 = (float)beta1, _beta2 = (float)beta2;
    private readonly float _rest1 = (float)(1 - beta1), _rest2 = (float)(1 - beta2), _epsilon = (float)epsilon;
    private readonly float _root = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, step)));
    private readonly float _now = (float)(rate * (1 - Momentum(beta1, step)) / (1 - product));
    private readonly float _next =
        (float)(rate * Momentum(beta1, step + 1) / (1 - (product * Momentum(beta1, step + 1))));

    /// <summary>mu_t of step <paramref name="t"/>, from 1.</summary>
    public static double Momentum(double beta1, long t) => beta1 * (1 - (0.5 * Math.Pow(0.96, t * 4e-3)));

    /// <inheritdoc/>
    public void Apply<T>(ref T w, ref T g, ref T m, ref T v)
        where T : struct, ILane<T>
    {
        T d = T.Fma(w, _penalty, g);
        m = T.Fma(d, _rest1, m * _beta1);
        v = T.Fma(d * d, _rest2, v * _beta2);
        T scale = T.Fma(T.Sqrt(v), _root, T.Create(_epsilon));
        w -= ((d * _now) + (m * _next)) / scale;
    }
}

/// <summary>
/// RAdam (Liu et al. 2020) as timm 0.4.12 has it: decoupled decay, the variance rectified from the step on at which its
/// approximated length reaches 5, before that plain bias-corrected momentum; eps is added to sqrt(v).
/// </summary>
public readonly struct RAdamRule : IUpdateRule
{
    private readonly float _keep, _beta1, _beta2, _rest1, _rest2, _epsilon, _step;
    private readonly int _rectified;

    /// <summary>The rule of step <paramref name="step"/>, from 1.</summary>
    public RAdamRule(double rate, double decay, double beta1, double beta2, double epsilon, long step)
    {
        (_beta1, _beta2, _rest1, _rest2) = ((float)beta1, (float)beta2, (float)(1 - beta1), (float)(1 - beta2));
        (_keep, _epsilon) = ((float)(1 - (rate * decay)), (float)epsilon);
        double power = Math.Pow(beta2, step), longest = (2 / (1 - beta2)) - 1;
        double length = longest - (2 * step * power / (1 - power));
        _rectified = length >= 5 ? 1 : 0;
        double rectification = _rectified != 0
            ? Math.Sqrt((1 - power) * (length - 4) / (longest - 4) * (length - 2) / length * longest / (longest - 2))
            : 1;
        _step = (float)(rate * rectification / (1 - Math.Pow(beta1, step)));
    }

    /// <inheritdoc/>
    public void Apply<T>(ref T w, ref T g, ref T m, ref T v)
        where T : struct, ILane<T>
    {
        m = T.Fma(g, _rest1, m * _beta1);
        v = T.Fma(g * g, _rest2, v * _beta2);
        T update = _rectified != 0 ? m / (T.Sqrt(v) + T.Create(_epsilon)) : m;
        w = (w * _keep) - (update * _step);
    }
}

/// <summary>
/// AdaBelief (Zhuang et al. 2020) as timm 0.4.12 calls it, decoupled and not rectified: v follows (g - m)^2 and keeps
/// the eps that is added to it at each step.
/// </summary>
public readonly struct AdaBeliefRule(
    double rate, double decay, double beta1, double beta2, double epsilon, long step) : IUpdateRule
{
    private readonly float _keep = (float)(1 - (rate * decay));
    private readonly float _beta1 = (float)beta1, _beta2 = (float)beta2, _epsilon = (float)epsilon;
    private readonly float _rest1 = (float)(1 - beta1), _rest2 = (float)(1 - beta2);
    private readonly float _step = (float)(rate / (1 - Math.Pow(beta1, step)));
    private readonly float _root = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, step)));

    /// <inheritdoc/>
    public void Apply<T>(ref T w, ref T g, ref T m, ref T v)
        where T : struct, ILane<T>
    {
        T epsilon = T.Create(_epsilon);
        m = T.Fma(g, _rest1, m * _beta1);
        v = T.Fma((g - m) * (g - m), _rest2, v * _beta2) + epsilon;
        w = (w * _keep) - (m / T.Fma(T.Sqrt(v), _root, epsilon) * _step);
    }
}

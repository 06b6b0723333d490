using System.Runtime.InteropServices;
using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>How a new parameter is filled.</summary>
/// <param name="values">The numbers to write.</param>
/// <param name="rng">A generator that belongs to this parameter alone.</param>
public delegate void Initialiser(Span<float> values, Rng rng);

/// <summary>
/// Gives the tensor that is to be the parameter called <paramref name="name"/> (of that name and
/// <paramref name="shape"/>), for example weights in a mapped file or of another model; null to make a new one.
/// </summary>
public delegate Tensor? ParameterSource(string name, ReadOnlySpan<int> shape);

/// <summary>
/// All parameters of a model by name, in the order they were declared. Names equal the checkpoint's keys.
/// </summary>
public sealed class ParameterSet
{
    private readonly Dictionary<string, Tensor> _byName = [];
    private readonly List<Tensor> _ordered = [];
    private readonly List<Tensor> _gradients = [];

    /// <summary>The parameters in declaration order.</summary>
    public IReadOnlyList<Tensor> All => _ordered;

    /// <summary>Those that need a gradient.</summary>
    public IEnumerable<Tensor> Trainable => _ordered.Where(p => p.NeedsGradient);

    /// <summary>The parameter called <paramref name="name"/>.</summary>
    public Tensor this[string name] => _byName[name];

    /// <summary>Finds a parameter by name.</summary>
    public bool TryGet(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Tensor? parameter) =>
        _byName.TryGetValue(name, out parameter);

    /// <summary>
    /// The gradients there are of those that need one, in declaration order; valid until the next look.
    /// </summary>
    public ReadOnlySpan<Tensor> Gradients
    {
        get
        {
            _gradients.Clear();
            foreach (Tensor parameter in _ordered)
            {
                if (parameter is { NeedsGradient: true, Gradient: { } gradient })
                    _gradients.Add(gradient);
            }

            return CollectionsMarshal.AsSpan(_gradients);
        }
    }

    /// <summary>Drops the accumulated gradients by setting them to zero.</summary>
    public void ClearGradients()
    {
        foreach (Tensor parameter in _ordered)
            parameter.Gradient?.Fill(0);
    }

    internal void Add(Tensor parameter)
    {
        if (!_byName.TryAdd(parameter.Name!, parameter))
        {
            throw new VisionMambaException(
                $"the parameter {parameter.Name} is declared twice; methods that share it cannot be combined");
        }

        _ordered.Add(parameter);
    }
}

/// <summary>A place in the tree of names under which parameters are declared.</summary>
public sealed class ParameterScope
{
    private readonly ParameterSet _set;
    private readonly string _prefix;
    private readonly Rng _rng;
    private readonly ParameterSource? _source;

    /// <summary>
    /// The root of <paramref name="set"/>; parameters that <paramref name="source"/> has are taken from it.
    /// </summary>
    public ParameterScope(ParameterSet set, ulong seed, ParameterSource? source = null)
        : this(set, "", new Rng(seed, 0), source)
    {
    }

    private ParameterScope(ParameterSet set, string prefix, Rng rng, ParameterSource? source) =>
        (_set, _prefix, _rng, _source) = (set, prefix, rng, source);

    /// <summary>The scope called <paramref name="name"/> below this one.</summary>
    public ParameterScope Child(string name) => new(_set, $"{_prefix}{name}.", _rng, _source);

    /// <summary>The scope of the <paramref name="index"/>-th of several alike.</summary>
    public ParameterScope Child(int index) => Child(index.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>
    /// The parameter whose whole name is <paramref name="name"/>, declared before: what another one starts from.
    /// </summary>
    public Tensor Declared(string name) => _set[name];

    /// <summary>Declares a parameter and fills it; its values depend on the seed and its own name only.</summary>
    public Tensor Parameter(string name, ReadOnlySpan<int> shape, Initialiser initialise)
    {
        string full = _prefix + name;
        if (_source?.Invoke(full, shape) is { } given)
        {
            _set.Add(given);
            return given;
        }

        var parameter = new Tensor(new Storage(Count(shape)), shape) { Name = full };
        initialise(parameter.Span, _rng.Derive(Hash(full)));
        _set.Add(parameter);
        return parameter;
    }

    private static long Count(ReadOnlySpan<int> shape)
    {
        long count = 1;
        foreach (int size in shape)
            count = checked(count * size);
        return count;
    }

    // FNV-1a: stable across processes, unlike string.GetHashCode.
    private static ulong Hash(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in text)
            hash = (hash ^ c) * 1099511628211;
        return hash;
    }
}

/// <summary>The ways Vim's and SVP's parameters start.</summary>
public static class Initial
{
    /// <summary>All zeros.</summary>
    public static void Zeros(Span<float> values, Rng rng) => values.Clear();

    /// <summary>All ones.</summary>
    public static void Ones(Span<float> values, Rng rng) => values.Fill(1);

    /// <summary>Uniform in [-bound, bound].</summary>
    public static Initialiser Uniform(double bound) => (values, rng) =>
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(((2 * rng.Uniform((ulong)i)) - 1) * bound);
    };

    /// <summary>PyTorch's default for linear and convolution layers: uniform in +-1 / sqrt(fan in).</summary>
    public static Initialiser FanIn(int fanIn) => Uniform(1 / Math.Sqrt(fanIn));

    /// <summary>Normal with standard deviation <paramref name="deviation"/>, redrawn beyond two deviations.</summary>
    public static Initialiser TruncatedNormal(double deviation) => (values, rng) =>
    {
        for (int i = 0; i < values.Length; i++)
        {
            float value = rng.Normal((ulong)i);
            for (ulong retry = 1; MathF.Abs(value) > 2; retry++)
                value = rng.Derive(retry).Normal((ulong)i);
            values[i] = (float)(value * deviation);
        }
    };

    /// <summary>A_log = log(1), log(2), .. log(state) for every channel (S4D-real, arXiv 2206.11893).</summary>
    public static Initialiser LogArange(int state) => (values, _) =>
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = MathF.Log((i % state) + 1);
    };

    /// <summary>A bias b with softplus(b) log-uniform in [0.001, 0.1] (Mamba, section 3.6).</summary>
    public static void StepSizeBias(Span<float> values, Rng rng)
    {
        for (int i = 0; i < values.Length; i++)
        {
            double dt = Math.Exp((rng.Uniform((ulong)i) * (Math.Log(0.1) - Math.Log(0.001))) + Math.Log(0.001));
            dt = Math.Max(dt, 1e-4);
            values[i] = (float)(dt + Math.Log(-Math.Exp(-dt) + 1));
        }
    }
}

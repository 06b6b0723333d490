namespace VisionMamba.Tensors;

// Shapes: x (batch, length, dim); learned (1, count, dim) or null; y (batch, order.Length, dim).

/// <summary>Inputs of <see cref="Operations.ArrangeTokens"/>.</summary>
/// <param name="X">The tokens.</param>
/// <param name="Learned">Tokens that every sample gets, (1, count, dim); null when the order names none.</param>
/// <param name="Order">Where each token of the result comes from.</param>
/// <param name="Dropout">Probability that an element of a learned token is dropped, in [0, 1).</param>
/// <param name="Rng">Where the dropout's decisions come from.</param>
/// <param name="FirstImage">The first sample's place in its batch, where that is computed in pieces.</param>
public readonly record struct ArrangeTokensArguments(
    Tensor X, Tensor? Learned, TokenOrder Order, float Dropout = 0, Rng Rng = default, int FirstImage = 0);

/// <summary>
/// Where each token of a sequence comes from: i &gt;= 0 is token i of the input, ~p (that is -1 - p) the p-th learned
/// token, and <see cref="Zero"/> a token of zeros. Each is taken at most once, so that gradients have one writer.
/// </summary>
public sealed class TokenOrder
{
    /// <summary>A token of zeros.</summary>
    public const int Zero = int.MinValue;

    private readonly int[] _from;

    /// <summary>An order; a source that is taken twice is refused.</summary>
    public TokenOrder(params ReadOnlySpan<int> from)
    {
        _from = from.ToArray();
        var seen = new HashSet<int>();
        foreach (int source in _from)
        {
            if (source != Zero && !seen.Add(source))
                throw new ArgumentException($"token {source} is taken twice");
        }

        Inputs = _from.Where(i => i >= 0).DefaultIfEmpty(-1).Max() + 1;
        Learned = _from.Where(i => i < 0 && i != Zero).Select(i => ~i).DefaultIfEmpty(-1).Max() + 1;
    }

    /// <summary>How many tokens the result has.</summary>
    public int Length => _from.Length;

    /// <summary>The fewest tokens that the input may have.</summary>
    public int Inputs { get; }

    /// <summary>The fewest learned tokens there may be.</summary>
    public int Learned { get; }

    /// <summary>The source of token <paramref name="place"/> of the result.</summary>
    public int this[int place] => _from[place];

    /// <summary>Where input token <paramref name="index"/> went; -1 when it was left out.</summary>
    public int PlaceOf(int index) => Array.IndexOf(_from, index);
}

public abstract partial class Backend
{
    /// <summary>
    /// y[:, t] = x[:, order[t]], or drop(learned[0, ~order[t]]), or 0. The decision on element c of learned token p
    /// of sample b is the generator's number at ((firstImage + b) count + p) dim + c.
    /// </summary>
    public abstract void ArrangeTokensForward(in ArrangeTokensArguments a, Tensor y);

    /// <summary>Adds dY to the tokens it came from; dLearned is summed over the samples, in their order.</summary>
    public abstract void ArrangeTokensBackward(in ArrangeTokensArguments a, Tensor dY, Tensor? dX, Tensor? dLearned);
}

public static partial class Operations
{
    /// <summary>
    /// Inserts, replaces, removes or moves tokens: (batch, order.Length, dim). Learned tokens are the same in every
    /// sample but for their dropout (VPT, arXiv 2203.12119, section 3.2).
    /// </summary>
    public static Tensor ArrangeTokens(this Tape tape, ArrangeTokensArguments a)
    {
        if (a.X.Shape[1] < a.Order.Inputs || (a.Learned?.Shape[1] ?? 0) < a.Order.Learned)
            throw new ArgumentException($"the order does not fit {a.X} with {a.Learned?.ToString() ?? "none learned"}");
        Tensor y = tape.Output(
            a.X.NeedsGradient || a.Learned is { NeedsGradient: true }, a.X.Shape[0], a.Order.Length, a.X.Columns);
        tape.Backend.ArrangeTokensForward(a, y);
        return tape.Record(
            "tokens", y, (a, y),
            static (tape, s) => tape.Backend.ArrangeTokensBackward(
                s.a, s.y.Gradient!, tape.Target(s.a.X), tape.Target(s.a.Learned)),
            []);
    }
}

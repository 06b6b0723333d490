namespace VisionMamba.Tensors;

// Shapes: weight, gradient, first, second: any, all of the same count.

/// <summary>
/// A pointwise update rule: how one step of an optimizer (or of a moving average) changes a weight and its state. All
/// factors that are the same for every element are fields, computed once in double precision; none is a bool, which
/// cannot be copied to a GPU.
/// </summary>
public interface IUpdateRule
{
    /// <summary>Whether the gradient is changed, too.</summary>
    static virtual bool ChangesGradient => false;

    /// <summary>
    /// Changes some elements: weight <paramref name="w"/>, gradient <paramref name="g"/> and the two states
    /// <paramref name="m"/> and <paramref name="v"/>, zero where the caller has none.
    /// </summary>
    void Apply<T>(ref T w, ref T g, ref T m, ref T v)
        where T : struct, ILane<T>;
}

public abstract partial class Backend
{
    /// <summary>
    /// Applies <paramref name="rule"/> to the elements start .. start+count-1 of <paramref name="weight"/>, its
    /// gradient and its states (null where the rule has none); weight and states are written back.
    /// </summary>
    public abstract void Update<TRule>(
        TRule rule, Tensor weight, Tensor gradient, Tensor? first, Tensor? second, long start, long count)
        where TRule : unmanaged, IUpdateRule;

    /// <summary>
    /// From here until the result is disposed the updates of different elements may be made together, in any order: a
    /// GPU launches one kernel for all of them.
    /// </summary>
    public virtual IDisposable? GatherUpdates() => null;

    /// <summary>Applies <paramref name="rule"/> to all elements.</summary>
    public void Update<TRule>(TRule rule, Tensor weight, Tensor gradient, Tensor? first = null, Tensor? second = null)
        where TRule : unmanaged, IUpdateRule => Update(rule, weight, gradient, first, second, 0, weight.Count);
}

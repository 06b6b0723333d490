namespace VisionMamba.Tensors;

// What the operations leave for the backward pass, and that pass.
public sealed partial class Tape
{
    // The operations that wait for the backward pass.
    private readonly Reused<Node> _nodes = new();

    /// <summary>
    /// Adds d(sum of <paramref name="losses"/>)/dp to the gradient of every parameter p that needs one. Ends the
    /// recording.
    /// </summary>
    public void Backward(params ReadOnlySpan<Tensor> losses)
    {
        if (!Recording)
            throw new InvalidOperationException("this tape does not record");
        foreach (Tensor loss in losses)
            Target(loss)!.Fill(1);
        while (_nodes.Count > 0)
        {
            RunBackward(_nodes.Last);
            _nodes.GiveBack();
        }
    }

    /// <summary>Forgets the recording and frees everything it holds (after a failed step).</summary>
    public void Abandon()
    {
        while (_nodes.Count > 0)
        {
            Finish(_nodes.Last);
            _nodes.GiveBack();
        }

        while (_scopes.Count > 0)
            Leave();
    }

    /// <summary>
    /// Ends an operation: checks its result and, when a gradient is wanted, records the backward pass, which is given
    /// this tape and <paramref name="state"/>. <paramref name="recompute"/> marks a result that is cheaper to make
    /// again than to store; of two results it makes the first one. Both are static functions, so that a step makes no
    /// objects for them.
    /// </summary>
    internal Tensor Record<TState>(
        string operation, Tensor y, in TState state, Action<Tape, TState> backward, ReadOnlySpan<Tensor?> saved,
        Action<Tape, TState>? recompute = null, Tensor? second = null)
    {
        Check(operation, y);
        if (second is not null)
            Check(operation, second);
        if (y.NeedsGradient)
            Add(operation, y, second, state, backward, saved, recompute);
        return y;
    }

    /// <summary>Ends an operation that no gradient is wanted of: checks its result.</summary>
    internal Tensor Finished(string operation, Tensor y)
    {
        Check(operation, y);
        return y;
    }

    private void Add<TState>(
        string operation, Tensor y, Tensor? z, in TState state, Action<Tape, TState> backward,
        ReadOnlySpan<Tensor?> saved, Action<Tape, TState>? recompute)
    {
        Node<TState> node = _nodes.Next<Node<TState>>();
        node.Set(Present, operation, y, z, state, backward, recompute);
        foreach (Tensor? tensor in saved)
        {
            if (tensor is not { Pooled: true })
                continue;
            tensor.Holds++;
            node.Saved.Add(tensor);
        }

        if (recompute is not null)
            y.MadeAgainBy = node;
    }

    private void RunBackward(Node node)
    {
        if (node.Y!.Gradient is not null || node.Z?.Gradient is not null)
        {
            foreach (Tensor tensor in node.Saved)
                Materialise(tensor);
            if (CheckFinite)
                CheckGradients(node);
            node.Backward(this);
        }

        Finish(node);
    }

    private void CheckGradients(Node node)
    {
        foreach (Tensor? output in new[] { node.Y, node.Z })
        {
            if (output?.Gradient is { } gradient && !Backend.AllFinite(gradient))
                throw new NonFiniteException($"{Where(node.Scope, node.Operation)} (its gradient)");
        }
    }

    private void Finish(Node node)
    {
        DropGradient(node.Y);
        DropGradient(node.Z);
        foreach (Tensor tensor in node.Saved)
            Release(tensor);
        node.Clear();
    }

    private void Check(string operation, Tensor y)
    {
        if (CheckFinite && !Backend.AllFinite(y))
            throw new NonFiniteException(Where(Present, operation));
    }

    /// <summary>An operation whose backward pass was asked for.</summary>
    internal abstract class Node
    {
        /// <summary>Where it was recorded.</summary>
        public Scope? Scope { get; protected set; }

        /// <summary>Its name.</summary>
        public string Operation { get; protected set; } = "";

        /// <summary>Its result.</summary>
        public Tensor? Y { get; protected set; }

        /// <summary>A second result, or null.</summary>
        public Tensor? Z { get; protected set; }

        /// <summary>What <see cref="Backward"/> and <see cref="Recompute"/> read.</summary>
        public List<Tensor> Saved { get; } = new(6);

        /// <summary>Sends the results' gradients to its inputs.</summary>
        public abstract void Backward(Tape tape);

        /// <summary>Makes <see cref="Y"/> again.</summary>
        public abstract void Recompute(Tape tape);

        /// <summary>Lets go of its tensors.</summary>
        public virtual void Clear()
        {
            Saved.Clear();
            (Y, Z, Scope) = (null, null, null);
        }
    }

    private sealed class Node<TState> : Node
    {
        private TState? _state;
        private Action<Tape, TState>? _backward, _recompute;

        public void Set(
            Scope? scope, string operation, Tensor y, Tensor? z, in TState state, Action<Tape, TState> backward,
            Action<Tape, TState>? recompute)
        {
            (Scope, Operation, Y, Z) = (scope, operation, y, z);
            (_state, _backward, _recompute) = (state, backward, recompute);
        }

        public override void Backward(Tape tape) => _backward!(tape, _state!);

        public override void Recompute(Tape tape) => _recompute!(tape, _state!);

        public override void Clear()
        {
            base.Clear();
            (_state, _backward, _recompute) = (default, null, null);
        }
    }
}

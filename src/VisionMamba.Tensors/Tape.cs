namespace VisionMamba.Tensors;

/// <summary>
/// Runs operations and, when recording, remembers how to send gradients back through them. Memory: an activation is
/// freed when the scope it was made in ends, unless a recorded operation saved it for its backward pass.
/// </summary>
public sealed partial class Tape(Backend backend, BufferPool pool, bool recording)
{
    private readonly List<Node> _nodes = [];
    private readonly Stack<Scope> _scopes = new();
    private readonly Stack<List<Tensor>> _spareLists = new();

    /// <summary>Whether gradients can be asked for.</summary>
    public bool Recording { get; } = recording;

    /// <summary>
    /// Look at every result and throw <see cref="NonFiniteException"/> naming the layer of the first NaN or infinity.
    /// </summary>
    public bool CheckFinite { get; set; }

    /// <summary>
    /// Called with the scope's name and each value that a model names (tests and explanations read these).
    /// </summary>
    public Action<string, Tensor>? Observer { get; set; }

    /// <summary>
    /// Called with what every selective scan reads, xz and one direction, before it runs; the tensors live until then.
    /// </summary>
    public Action<Tensor, ScanDirection>? ScanObserver { get; set; }

    /// <summary>The device. For operations; models never see it.</summary>
    internal Backend Backend { get; } = backend;

    /// <summary>
    /// Opens a named scope; dispose it to free the activations made in it that nothing saved or kept.
    /// </summary>
    public ScopeEnd Enter(string name)
    {
        _scopes.Push(new Scope(
            name, _scopes.TryPeek(out Scope? parent) ? parent : null,
            _spareLists.TryPop(out List<Tensor>? made) ? made : new List<Tensor>(16)));
        return new ScopeEnd(this);
    }

    /// <summary>Makes <paramref name="tensor"/> outlive the present scope: its parent frees it instead.</summary>
    public Tensor Keep(Tensor tensor)
    {
        Scope scope = _scopes.Pop();
        if (scope.Made.Remove(tensor) && _scopes.TryPeek(out Scope? parent))
            parent.Made.Add(tensor);
        _scopes.Push(scope);
        return tensor;
    }

    /// <summary>
    /// What kernels read of <paramref name="values"/>: an input, a target, a mask. On the host that is the tensor
    /// itself, otherwise a copy in the device's memory that lives as long as the present scope, or the operations that
    /// saved it.
    /// </summary>
    public Tensor Input(Tensor values)
    {
        if (Backend.OnHost || values.Pooled || values.NeedsGradient || values.Storage.IsOn(Backend))
            return values;
        return Input(values.Span, values.Shape);
    }

    /// <summary>A tensor of <paramref name="values"/>, as <see cref="Input(Tensor)"/>.</summary>
    public Tensor Input(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
    {
        if (Backend.OnHost)
            return Tensor.From(values, shape);
        Tensor input = Output(false, shape);
        input.Storage.Write(values);
        return input;
    }

    /// <summary>
    /// Says that nothing reads <paramref name="tensor"/> any more but the operations that saved it: its scope frees it
    /// now, not when it ends.
    /// </summary>
    public void Drop(Tensor tensor)
    {
        foreach (Scope scope in _scopes)
        {
            if (scope.Made.Remove(tensor))
            {
                Free(tensor);
                Pack(tensor);
                return;
            }
        }
    }

    /// <summary>Shows <paramref name="tensor"/> to the <see cref="Observer"/>.</summary>
    public void Observe(string name, Tensor tensor) => Observer?.Invoke(name, tensor);

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
        for (int i = _nodes.Count - 1; i >= 0; i--)
        {
            RunBackward(_nodes[i]);
            _nodes.RemoveAt(i);
        }
    }

    /// <summary>Forgets the recording and frees everything it holds (after a failed step).</summary>
    public void Abandon()
    {
        foreach (Node node in _nodes)
            Finish(node);
        _nodes.Clear();
        while (_scopes.Count > 0)
            Leave();
    }

    /// <summary>
    /// Ends an operation: checks its result and, when a gradient is wanted, records the backward pass.
    /// <paramref name="recompute"/> marks a result that is cheaper to make again than to store.
    /// </summary>
    internal Tensor Record(
        string operation, Tensor y, Action backward, ReadOnlySpan<Tensor?> saved, Action? recompute = null)
    {
        Check(operation, y);
        if (!y.NeedsGradient)
            return y;
        RecordNode(operation, y, null, backward, saved, recompute);
        return y;
    }

    /// <summary>Ends an operation that no gradient is wanted of: checks its result.</summary>
    internal Tensor Finished(string operation, Tensor y)
    {
        Check(operation, y);
        return y;
    }

    /// <summary>
    /// As <see cref="Record(string, Tensor, Action, ReadOnlySpan{Tensor?}, Action?)"/> with a second result;
    /// <paramref name="recompute"/> makes the first one again.
    /// </summary>
    internal void Record(
        string operation, Tensor y, Tensor z, Action backward, ReadOnlySpan<Tensor?> saved, Action recompute)
    {
        Check(operation, y);
        Check(operation, z);
        if (y.NeedsGradient)
            RecordNode(operation, y, z, backward, saved, recompute);
    }

    private void RecordNode(
        string operation, Tensor y, Tensor? z, Action backward, ReadOnlySpan<Tensor?> saved, Action? recompute)
    {
        int count = 0;
        foreach (Tensor? tensor in saved)
            count += tensor is { Pooled: true } ? 1 : 0;
        Tensor[] held = count == 0 ? [] : new Tensor[count];
        foreach (Tensor? tensor in saved)
        {
            if (tensor is not { Pooled: true })
                continue;
            tensor.Holds++;
            held[^count--] = tensor;
        }

        var node = new Node(
            _scopes.TryPeek(out Scope? scope) ? scope : null, operation, y, z, backward, held, recompute);
        if (recompute is not null)
            y.MadeAgainBy = node;
        _nodes.Add(node);
    }

    private void RunBackward(Node node)
    {
        if (node.Y.Gradient is not null || node.Z?.Gradient is not null)
        {
            foreach (Tensor tensor in node.Saved)
                Materialise(tensor);
            if (CheckFinite)
                CheckGradients(node);
            node.Backward();
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
    }

    private void Leave()
    {
        List<Tensor> made = _scopes.Pop().Made;
        foreach (Tensor tensor in made)
            Free(tensor);
        // After the rest was freed, so that what is packed takes the place of that.
        foreach (Tensor tensor in made)
            Pack(tensor);
        made.Clear();
        _spareLists.Push(made);
    }

    private void Check(string operation, Tensor y)
    {
        if (CheckFinite && !Backend.AllFinite(y))
            throw new NonFiniteException(Where(_scopes.TryPeek(out Scope? scope) ? scope : null, operation));
    }

    /// <summary>For people, and only when something is wrong: a name for each operation of each step would be most of
    /// what a step allocates.</summary>
    private static string Where(Scope? scope, string operation)
    {
        if (scope is null)
            return operation;
        string path = scope.Name;
        for (Scope? outer = scope.Parent; outer is not null; outer = outer.Parent)
            path = $"{outer.Name}.{path}";
        return $"{path}: {operation}";
    }

    /// <summary>Ends a scope.</summary>
    public readonly struct ScopeEnd : IDisposable
    {
        private readonly Tape _tape;

        internal ScopeEnd(Tape tape) => _tape = tape;

        /// <inheritdoc/>
        public void Dispose() => _tape.Leave();
    }

    internal sealed class Scope(string name, Scope? parent, List<Tensor> made)
    {
        public string Name { get; } = name;

        public Scope? Parent { get; } = parent;

        /// <summary>Another scope's as soon as this one has ended.</summary>
        public List<Tensor> Made { get; } = made;
    }

    /// <summary>An operation whose backward pass was asked for.</summary>
    /// <param name="Scope">Where it was recorded.</param>
    /// <param name="Operation">Its name.</param>
    /// <param name="Y">Its result.</param>
    /// <param name="Z">A second result, or null.</param>
    /// <param name="Backward">Sends the results' gradients to its inputs.</param>
    /// <param name="Saved">What <paramref name="Backward"/> and <paramref name="Recompute"/> read.</param>
    /// <param name="Recompute">Makes <paramref name="Y"/> again; null where it is kept.</param>
    internal sealed record Node(
        Scope? Scope, string Operation, Tensor Y, Tensor? Z, Action Backward, Tensor[] Saved, Action? Recompute);
}

/// <summary>A NaN or an infinity was met; <see cref="Exception.Message"/> names the layer and the operation.</summary>
public sealed class NonFiniteException(string where) : Exception(where);

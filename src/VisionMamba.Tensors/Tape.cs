namespace VisionMamba.Tensors;

/// <summary>
/// Runs operations and, when recording, remembers how to send gradients back through them. Memory: an activation is
/// freed when the scope it was made in ends, unless a recorded operation saved it for its backward pass. A pass makes
/// many small objects, and the next one the same: <see cref="Restart"/> lets it take those of the last one.
/// </summary>
public sealed partial class Tape(Backend backend, BufferPool pool, bool recording)
{
    private readonly Stack<Scope> _scopes = new();
    private readonly Reused<Scope> _allScopes = new();

    /// <summary>Whether kernels read the host's memory.</summary>
    public bool OnHost => Backend.OnHost;

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
        Scope scope = _allScopes.Next<Scope>();
        scope.Begin(name, Present);
        _scopes.Push(scope);
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

    /// <summary>
    /// A copy of <paramref name="values"/> where kernels read it; it lives as long as the present scope, or the
    /// operations that saved it.
    /// </summary>
    public Tensor Input(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
    {
        if (values.Length != Tensor.CountOf(shape))
            throw new ArgumentException($"{values.Length} numbers do not fill {Tensor.ShapeText(shape)}");
        Tensor input = Output(false, shape);
        if (Backend.OnHost)
            values.CopyTo(input.Span);
        else
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
    /// Begins another pass with the objects of the last one. Nothing that this tape made before may be used any more,
    /// no tensor above all: it may be another one by now.
    /// </summary>
    public void Restart()
    {
        Abandon();
        _allScopes.Restart();
        _tensors.Restart();
    }

    private Scope? Present => _scopes.TryPeek(out Scope? scope) ? scope : null;

    private void Leave()
    {
        List<Tensor> made = _scopes.Pop().Made;
        foreach (Tensor tensor in made)
            Free(tensor);
        // After the rest was freed, so that what is packed takes the place of that.
        foreach (Tensor tensor in made)
            Pack(tensor);
        made.Clear();
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

    /// <summary>Stays as it is until the tape begins again: recorded operations say where they were made.</summary>
    internal sealed class Scope
    {
        public string Name { get; private set; } = "";

        public Scope? Parent { get; private set; }

        public List<Tensor> Made { get; } = new(16);

        public void Begin(string name, Scope? parent) => (Name, Parent) = (name, parent);
    }

    /// <summary>The objects of a pass in the order in which it asks for them, the same in the next one.</summary>
    private sealed class Reused<T>
        where T : class
    {
        private readonly List<T> _all = [];

        /// <summary>How many this pass has taken.</summary>
        public int Count { get; private set; }

        public T Last => _all[Count - 1];

        public void Restart() => Count = 0;

        public void GiveBack() => Count--;

        /// <summary>The object that the last pass had here; null where it had none.</summary>
        public T? Next() => Count < _all.Count ? _all[Count++] : null;

        /// <summary>The same, where it is a <typeparamref name="TKind"/>; else a new one takes its place.</summary>
        public TKind Next<TKind>()
            where TKind : class, T, new()
        {
            if (Count == _all.Count)
                return (TKind)(object)Add(new TKind());
            if (_all[Count] is not TKind found)
                _all[Count] = found = new TKind();
            Count++;
            return found;
        }

        public T Add(T made)
        {
            _all.Add(made);
            Count++;
            return made;
        }
    }
}

/// <summary>A NaN or an infinity was met; <see cref="Exception.Message"/> names the layer and the operation.</summary>
public sealed class NonFiniteException(string where) : Exception(where);

namespace VisionMamba.Tensors;

/// <summary>
/// Runs operations and, when recording, remembers how to send gradients back through them. Memory: an activation is
/// freed when the scope it was made in ends, unless a recorded operation saved it for its backward pass.
/// </summary>
public sealed class Tape(Backend backend, BufferPool pool, bool recording)
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
    /// What kernels read of <paramref name="values"/>: an input, a target, a mask. On the host that is the tensor itself,
    /// otherwise a copy in the device's memory that lives as long as the present scope, or the operations that saved
    /// it.
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
    /// The opposite of <see cref="Keep"/>: the present scope frees <paramref name="tensor"/>, made further out.
    /// </summary>
    public void Consume(Tensor tensor)
    {
        Scope inner = _scopes.Peek();
        foreach (Scope scope in _scopes)
        {
            if (scope.Made.Remove(tensor))
            {
                inner.Made.Add(tensor);
                return;
            }
        }
    }

    /// <summary>
    /// Says that nothing reads <paramref name="tensor"/> any more but the operations that saved it: its scope frees it now,
    /// not when it ends.
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

    internal Tensor Output(bool needsGradient, params ReadOnlySpan<int> shape) =>
        Made(pool.Rent(Tensor.CountOf(shape)), needsGradient, shape);

    /// <summary>
    /// As <see cref="Output"/>, in the memory of <paramref name="earlier"/>, a tensor of a tape that nothing reads after
    /// the operation.
    /// </summary>
    internal Tensor OutputOver(Tensor earlier, bool needsGradient)
    {
        earlier.Lent = true;
        return Made(earlier.Storage, needsGradient, earlier.Shape);
    }

    /// <summary>
    /// Whether only one operation or scope wants <paramref name="tensor"/>: its memory may be written over.
    /// </summary>
    internal static bool IsLastUse(Tensor tensor) =>
        tensor is { Pooled: true, HasMemory: true, Holds: 1, Lent: false };

    private Tensor Made(Storage storage, bool needsGradient, ReadOnlySpan<int> shape)
    {
        var tensor = new Tensor(storage, shape)
        {
            NeedsGradient = needsGradient && Recording,
            Holds = 1,
            Pooled = true,
        };
        if (_scopes.TryPeek(out Scope? scope))
            scope.Made.Add(tensor);
        return tensor;
    }

    /// <summary>Memory for the time of one operation; give it back with <see cref="Release"/>.</summary>
    internal Tensor Scratch(params ReadOnlySpan<int> shape) =>
        new(pool.Rent(Tensor.CountOf(shape)), shape) { Holds = 1, Pooled = true };

    internal void Release(Tensor tensor)
    {
        if (--tensor.Holds > 0 || !tensor.Pooled)
            return;
        if (tensor.HasMemory)
            GiveBack(tensor);
        DropPacked(tensor);
    }

    /// <summary>
    /// Marks what an operation saves as fp32 in any case: statistics, losses, and what the scan's exponents and sums
    /// are made of (step sizes, A, B, C, states). The rest of what is saved may be kept as bfloat16 until it is read.
    /// </summary>
    internal static Tensor? Exact(Tensor? saved)
    {
        if (saved is not null)
            saved.Exact = true;
        return saved;
    }

    /// <summary>
    /// Ends an operation: checks its result and, when a gradient is wanted, records the backward pass.
    /// <paramref name="recompute"/> marks a result that is cheaper to make again than to store.
    /// </summary>
    internal Tensor Record(string operation, Tensor y, Action backward, ReadOnlySpan<Tensor?> saved, Action? recompute = null)
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
    /// As <see cref="Record(string, Tensor, Action, ReadOnlySpan{Tensor?}, Action?)"/> with a second result; <paramref name="recompute"/> makes the first one again.
    /// </summary>
    internal void Record(
        string operation, Tensor y, Tensor z, Action backward, ReadOnlySpan<Tensor?> saved, Action recompute)
    {
        Check(operation, y);
        Check(operation, z);
        if (y.NeedsGradient)
            RecordNode(operation, y, z, backward, saved, recompute);
    }

    /// <summary>
    /// The gradient to add into, made (as zeros) at first use; null when <paramref name="x"/> does not need one. A kernel
    /// that looks at <see cref="Tensor.TakeBlank"/> takes it <paramref name="blank"/>, which saves the zeros. One that has
    /// read each element of x before it writes its gradient may have it <paramref name="over"/> x, if this is x's last use.
    /// </summary>
    internal Tensor? Target(Tensor? x, bool blank = false, bool over = false)
    {
        if (x is null || !x.NeedsGradient)
            return null;
        if (x.Gradient is null)
        {
            x.Gradient = over && IsLastUse(x) ? Over(x) : x.Pooled ? Scratch(x.Shape)
                : new Tensor(Backend.Allocate(x.Count), x.Shape) { Name = x.Name };
            if (blank)
                x.Gradient.Blank = true;
            else
                Backend.Clear(x.Gradient);
        }

        return x.Gradient;
    }

    /// <summary>
    /// Gives the gradient of <paramref name="y"/> to <paramref name="before"/> too, for y = before + something in the same
    /// memory.
    /// </summary>
    internal static void ShareGradient(Tensor y, Tensor before)
    {
        before.Gradient = y.Gradient;
        y.Gradient!.Holds++;
    }

    private static Tensor Over(Tensor x)
    {
        x.Lent = true;
        return new Tensor(x.Storage, x.Shape) { Holds = 1, Pooled = true };
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

        y.Recompute = recompute;
        y.RecomputedFrom = held;
        _nodes.Add(new Node(_scopes.TryPeek(out Scope? scope) ? scope : null, operation, y, z, backward, held));
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

    private void DropGradient(Tensor? output)
    {
        if (output is { Pooled: true, Gradient: { } gradient })
        {
            output.Gradient = null;
            Release(gradient);
        }
    }

    private void Materialise(Tensor tensor)
    {
        if (tensor.HasMemory)
            return;
        if (tensor.Packed is { } packed)
        {
            tensor.Attach(pool.Rent(tensor.Count));
            Backend.Unpack(packed, tensor);
            DropPacked(tensor);
            return;
        }

        foreach (Tensor input in tensor.RecomputedFrom)
            Materialise(input);
        tensor.Attach(pool.Rent(tensor.Count));
        tensor.Recompute!();
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

    private void Free(Tensor tensor)
    {
        Release(tensor);
        if (tensor.Holds > 0 && tensor.Recompute is not null && tensor.HasMemory)
            GiveBack(tensor);
    }

    /// <summary>The forward pass is done with it: half of its memory will do until the backward pass, where the device
    /// packs.</summary>
    private void Pack(Tensor tensor)
    {
        if (tensor.Holds == 0 || !tensor.HasMemory || tensor.Lent || tensor.Exact)
            return;
        long numbers = Backend.NumbersPacked(tensor.Count);
        if (numbers == tensor.Count)
            return;
        tensor.Packed = Scratch(checked((int)numbers));
        Backend.Pack(tensor, tensor.Packed);
        GiveBack(tensor);
    }

    private void GiveBack(Tensor tensor)
    {
        Storage storage = tensor.Detach();
        if (!tensor.Lent)
            pool.Return(storage);
    }

    private void DropPacked(Tensor tensor)
    {
        if (tensor.Packed is { } packed)
        {
            tensor.Packed = null;
            Release(packed);
        }
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

    private sealed class Scope(string name, Scope? parent, List<Tensor> made)
    {
        public string Name { get; } = name;

        public Scope? Parent { get; } = parent;

        /// <summary>Another scope's as soon as this one has ended.</summary>
        public List<Tensor> Made { get; } = made;
    }

    private readonly record struct Node(
        Scope? Scope, string Operation, Tensor Y, Tensor? Z, Action Backward, Tensor[] Saved);
}

/// <summary>A NaN or an infinity was met; <see cref="Exception.Message"/> names the layer and the operation.</summary>
public sealed class NonFiniteException(string where) : Exception(where);

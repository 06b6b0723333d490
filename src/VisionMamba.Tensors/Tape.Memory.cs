namespace VisionMamba.Tensors;

// Where results and gradients live: from the pool, in the memory of a tensor whose last use an operation is, made again
// for the backward pass, or packed until then.
public sealed partial class Tape
{
    private readonly Reused<Tensor> _tensors = new();

    internal Tensor Output(bool needsGradient, params ReadOnlySpan<int> shape) =>
        InScope(Pooled(pool.Rent(Tensor.CountOf(shape)), shape, needsGradient && Recording));

    /// <summary>A result with the rows of <paramref name="x"/>: its shape but for the last dimension.</summary>
    internal Tensor OutputOfRows(bool needsGradient, Tensor x, int columns)
    {
        Span<int> shape = stackalloc int[x.Shape.Length];
        x.Shape.CopyTo(shape);
        shape[^1] = columns;
        return Output(needsGradient, shape);
    }

    /// <summary>
    /// As <see cref="Output"/>, in the memory of <paramref name="earlier"/>, a tensor of a tape that nothing reads
    /// after the operation.
    /// </summary>
    internal Tensor OutputOver(Tensor earlier, bool needsGradient) =>
        InScope(Pooled(Lend(earlier), earlier.Shape, needsGradient && Recording));

    /// <summary>
    /// Whether only one operation or scope wants <paramref name="tensor"/>: its memory may be written over.
    /// </summary>
    internal static bool IsLastUse(Tensor tensor) =>
        tensor is { Pooled: true, HasMemory: true, Holds: 1, Lent: false };

    /// <summary>Memory for the time of one operation; give it back with <see cref="Release"/>.</summary>
    internal Tensor Scratch(params ReadOnlySpan<int> shape) => Pooled(pool.Rent(Tensor.CountOf(shape)), shape);

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
    /// The gradient to add into, made (as zeros) at first use; null when <paramref name="x"/> does not need one. A
    /// kernel that looks at <see cref="Tensor.TakeBlank"/> takes it <paramref name="blank"/>, which saves the zeros.
    /// One that has read each element of x before it writes its gradient may have it <paramref name="over"/> x, if this
    /// is x's last use.
    /// </summary>
    internal Tensor? Target(Tensor? x, bool blank = false, bool over = false)
    {
        if (x is null || !x.NeedsGradient)
            return null;
        if (x.Gradient is null)
        {
            x.Gradient = over && IsLastUse(x) ? Pooled(Lend(x), x.Shape) : x.Pooled ? Scratch(x.Shape)
                : new Tensor(Backend.Allocate(x.Count), x.Shape) { Name = x.Name };
            if (blank)
                x.Gradient.Blank = true;
            else
                Backend.Clear(x.Gradient);
        }

        return x.Gradient;
    }

    /// <summary>
    /// Gives the gradient of <paramref name="y"/> to <paramref name="before"/> too, for y = before + something in the
    /// same memory.
    /// </summary>
    internal static void ShareGradient(Tensor y, Tensor before)
    {
        before.Gradient = y.Gradient;
        y.Gradient!.Holds++;
    }

    private Tensor Pooled(Storage storage, ReadOnlySpan<int> shape, bool needsGradient = false)
    {
        if (_tensors.Next() is not { } tensor)
            tensor = _tensors.Add(new Tensor(storage, shape) { Pooled = true });
        else
            tensor.Renew(storage, shape);
        tensor.NeedsGradient = needsGradient;
        tensor.Holds = 1;
        return tensor;
    }

    private static Storage Lend(Tensor tensor)
    {
        tensor.Lent = true;
        return tensor.Storage;
    }

    private Tensor InScope(Tensor tensor)
    {
        if (_scopes.TryPeek(out Scope? scope))
            scope.Made.Add(tensor);
        return tensor;
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

        Node node = tensor.MadeAgainBy!;
        foreach (Tensor input in node.Saved)
            Materialise(input);
        tensor.Attach(pool.Rent(tensor.Count));
        node.Recompute(this);
    }

    private void Free(Tensor tensor)
    {
        Release(tensor);
        if (tensor.Holds > 0 && tensor.MadeAgainBy is not null && tensor.HasMemory)
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
}

namespace VisionMamba.Tensors;

/// <summary>
/// A device. Every file under Ops/ adds the forward and backward kernel of its operation, so that a device which lacks
/// one does not compile. Kernels never allocate tensors: the tape hands out outputs and scratch. Gradients are added
/// into their targets, and a null target means that nobody wants it.
/// </summary>
public abstract partial class Backend : IDisposable
{
    /// <summary>What runs, for people: the device, its instruction set and its threads.</summary>
    public abstract string Description { get; }

    /// <summary>
    /// How many tokens of a training batch to compute at once when nobody says: more would take memory and bring no
    /// speed.
    /// </summary>
    public virtual int TokensAtOnce => int.MaxValue;

    /// <summary>Whether its kernels read the host's memory, so that nothing is ever copied.</summary>
    public virtual bool OnHost => true;

    /// <summary>Bytes of its own memory that are free; a device on the host has none to itself.</summary>
    public virtual long FreeBytes => long.MaxValue;

    /// <summary>Memory for <paramref name="count"/> numbers where its kernels want it, not initialised.</summary>
    public virtual Storage Allocate(long count) => new(count);

    /// <summary>
    /// Begins to bring numbers that a later step reads to where kernels want them; <paramref name="values"/> may be
    /// changed as soon as this returns. A GPU copies them while it computes.
    /// </summary>
    public virtual StagedInput Stage(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape) =>
        new(Tensor.From(values, shape));

    /// <summary>Waits until everything that was handed to the device is done.</summary>
    public virtual void Synchronize()
    {
    }

    /// <summary>Frees the device's threads and memory.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the device holds.</summary>
    protected abstract void Dispose(bool disposing);

    /// <summary>Sets all of <paramref name="x"/> to zero.</summary>
    public abstract void Clear(Tensor x);

    /// <summary>The sum of squares of <paramref name="x"/>, in double precision.</summary>
    public abstract double SumOfSquares(Tensor x);

    /// <summary>
    /// The sum of squares of all of <paramref name="tensors"/>, added in their order: a GPU is waited for once.
    /// </summary>
    public virtual double SumOfSquares(ReadOnlySpan<Tensor> tensors)
    {
        double sum = 0;
        foreach (Tensor tensor in tensors)
            sum += SumOfSquares(tensor);
        return sum;
    }

    /// <summary>Multiplies all of <paramref name="x"/> by <paramref name="factor"/>.</summary>
    public abstract void Scale(Tensor x, float factor);

    /// <summary>Whether all of <paramref name="x"/> is finite.</summary>
    public abstract bool AllFinite(Tensor x);
}

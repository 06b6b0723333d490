namespace VisionMamba.Tensors;

/// <summary>
/// Numbers on their way to a device; its kernels may be given <see cref="Tensor"/> at once. Dispose it when a result
/// that depends on them has been read.
/// </summary>
public sealed class StagedInput(Tensor tensor, Action? release = null) : IDisposable
{
    private Action? _release = release;

    /// <summary>The numbers.</summary>
    public Tensor Tensor { get; } = tensor;

    /// <summary>Gives the memory to the next one.</summary>
    public void Dispose()
    {
        _release?.Invoke();
        _release = null;
    }
}

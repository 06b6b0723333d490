namespace VisionMamba.Tensors;

/// <summary>A device has no memory left; <see cref="Shortage"/> names the need and what is free.</summary>
public sealed class DeviceMemoryException(string shortage, Exception? inner = null)
    : VisionMambaException($"{shortage}; give --memory-limit, a smaller --micro-batch, --batch or --image-size", inner!)
{
    /// <summary>The message without what to do, for who knows that better.</summary>
    public string Shortage { get; } = shortage;
}

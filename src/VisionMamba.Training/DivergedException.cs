namespace VisionMamba.Training;

/// <summary>Training met a NaN or an infinity; the message names the layer, the last good checkpoint and what to
/// try.</summary>
public sealed class DivergedException(string message) : VisionMambaException(message);

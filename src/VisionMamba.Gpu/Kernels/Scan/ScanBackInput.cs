namespace VisionMamba.Gpu.Kernels;

/// <summary>What the backward scan reads of a channel at one token.</summary>
internal struct ScanBackInput
{
    public float U, Raw, Z, DOut;
}

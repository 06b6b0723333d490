namespace VisionMamba.Gpu.Kernels;

/// <summary>What the backward scan gives of a channel at one token; dz with what it is added to.</summary>
internal struct ScanBackOutput
{
    public float DU, DRaw, DZ;
}

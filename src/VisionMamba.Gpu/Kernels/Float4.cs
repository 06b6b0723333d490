namespace VisionMamba.Gpu.Kernels;

/// <summary>Four numbers that move in one 16-byte access where the address is known to be aligned.</summary>
internal struct Float4
{
    public float X, Y, Z, W;

    public Float4(float x, float y, float z, float w) => (X, Y, Z, W) = (x, y, z, w);
}

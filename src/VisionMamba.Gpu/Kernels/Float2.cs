namespace VisionMamba.Gpu.Kernels;

/// <summary>Two numbers that move in one 8-byte access where the address is known to be aligned.</summary>
internal struct Float2(float x, float y)
{
    public float X = x, Y = y;
}

namespace VisionMamba.Gpu.Kernels;

/// <summary>Four numbers that move in one 16-byte access where the address is known to be aligned.</summary>
internal struct Float4
{
    public float X, Y, Z, W;

    public Float4(float x, float y, float z, float w) => (X, Y, Z, W) = (x, y, z, w);

    public static Float4 operator +(Float4 a, Float4 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);

    public static Float4 operator *(Float4 a, Float4 b) => new(a.X * b.X, a.Y * b.Y, a.Z * b.Z, a.W * b.W);

    public static Float4 operator *(Float4 a, float b) => new(a.X * b, a.Y * b, a.Z * b, a.W * b);

    /// <summary>The sum of the four products.</summary>
    public static float Dot(Float4 a, Float4 b) => (((a.X * b.X) + (a.Y * b.Y)) + (a.Z * b.Z)) + (a.W * b.W);

    /// <summary>2 to the power of each.</summary>
    public static Float4 Exp2(Float4 a) =>
        new(DeviceMath.Exp2(a.X), DeviceMath.Exp2(a.Y), DeviceMath.Exp2(a.Z), DeviceMath.Exp2(a.W));
}

namespace VisionMamba.Tensors.Files;

/// <summary>How a file stores the numbers of a tensor.</summary>
public enum ElementType
{
    /// <summary>32-bit float.</summary>
    F32,

    /// <summary>16-bit IEEE float.</summary>
    F16,

    /// <summary>The upper half of a 32-bit float.</summary>
    BF16,

    /// <summary>64-bit float.</summary>
    F64,

    /// <summary>64-bit integer.</summary>
    I64,

    /// <summary>32-bit integer.</summary>
    I32,

    /// <summary>16-bit integer.</summary>
    I16,

    /// <summary>8-bit integer.</summary>
    I8,

    /// <summary>Byte.</summary>
    U8,

    /// <summary>Byte that is 0 or 1.</summary>
    Bool,
}

/// <summary>Sizes and conversions of stored numbers.</summary>
internal static class ElementTypes
{
    public static int Size(this ElementType type) => type switch
    {
        ElementType.F64 or ElementType.I64 => 8,
        ElementType.F32 or ElementType.I32 => 4,
        ElementType.F16 or ElementType.BF16 or ElementType.I16 => 2,
        _ => 1,
    };

    /// <summary>One stored number as fp32; <paramref name="bytes"/> begins at it, little-endian.</summary>
    public static float ToSingle(this ElementType type, ReadOnlySpan<byte> bytes) => type switch
    {
        ElementType.F32 => BitConverter.ToSingle(bytes),
        ElementType.F16 => (float)BitConverter.ToHalf(bytes),
        ElementType.BF16 => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(bytes) << 16),
        ElementType.F64 => (float)BitConverter.ToDouble(bytes),
        _ => type.ToInt64(bytes),
    };

    /// <summary>One stored number as an integer; floats are truncated.</summary>
    public static long ToInt64(this ElementType type, ReadOnlySpan<byte> bytes) => type switch
    {
        ElementType.I64 => BitConverter.ToInt64(bytes),
        ElementType.I32 => BitConverter.ToInt32(bytes),
        ElementType.I16 => BitConverter.ToInt16(bytes),
        ElementType.I8 => (sbyte)bytes[0],
        ElementType.U8 or ElementType.Bool => bytes[0],
        _ => (long)type.ToSingle(bytes),
    };
}

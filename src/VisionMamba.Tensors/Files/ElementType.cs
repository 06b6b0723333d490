namespace VisionMamba.Tensors.Files;

/// <summary>How one number is stored in a checkpoint file. Everything is computed in fp32 once it is read.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>The upper half of a binary32.</summary>
    BF16,

    /// <summary>IEEE 754 binary64.</summary>
    F64,

    /// <summary>Signed, 64 bits.</summary>
    I64,

    /// <summary>Signed, 32 bits.</summary>
    I32,

    /// <summary>Signed, 16 bits.</summary>
    I16,

    /// <summary>Signed, 8 bits.</summary>
    I8,

    /// <summary>Unsigned, 8 bits.</summary>
    U8,

    /// <summary>One byte; 0 is false, anything else is true.</summary>
    Bool,
}

/// <summary>The names the two file formats give to the element types.</summary>
internal static class ElementTypes
{
    public static int Bytes(this ElementType type) => type switch
    {
        ElementType.F64 or ElementType.I64 => 8,
        ElementType.F32 or ElementType.I32 => 4,
        ElementType.F16 or ElementType.BF16 or ElementType.I16 => 2,
        _ => 1,
    };

    public static bool IsFloat(this ElementType type) =>
        type is ElementType.F32 or ElementType.F16 or ElementType.BF16 or ElementType.F64;

    public static string SafetensorsName(this ElementType type) =>
        type == ElementType.Bool ? "BOOL" : type.ToString();

    public static ElementType? FromSafetensors(string name) => name switch
    {
        "F32" => ElementType.F32,
        "F16" => ElementType.F16,
        "BF16" => ElementType.BF16,
        "F64" => ElementType.F64,
        "I64" => ElementType.I64,
        "I32" => ElementType.I32,
        "I16" => ElementType.I16,
        "I8" => ElementType.I8,
        "U8" => ElementType.U8,
        "BOOL" => ElementType.Bool,
        _ => null,
    };

    /// <summary>The name of torch's storage class for the three kinds that are written.</summary>
    public static string TorchStorage(this ElementType type) => type switch
    {
        ElementType.F32 => "FloatStorage",
        ElementType.F16 => "HalfStorage",
        ElementType.BF16 => "BFloat16Storage",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a kind that is written"),
    };

    /// <summary>
    /// From a storage class (torch.FloatStorage) or, in files of torch 2.1 and later, a dtype (torch.float32).
    /// </summary>
    public static ElementType? FromTorch(string name) => name switch
    {
        "torch.FloatStorage" or "torch.float32" or "torch.float" => ElementType.F32,
        "torch.HalfStorage" or "torch.float16" or "torch.half" => ElementType.F16,
        "torch.BFloat16Storage" or "torch.bfloat16" => ElementType.BF16,
        "torch.DoubleStorage" or "torch.float64" or "torch.double" => ElementType.F64,
        "torch.LongStorage" or "torch.int64" or "torch.long" => ElementType.I64,
        "torch.IntStorage" or "torch.int32" or "torch.int" => ElementType.I32,
        "torch.ShortStorage" or "torch.int16" or "torch.short" => ElementType.I16,
        "torch.CharStorage" or "torch.int8" => ElementType.I8,
        "torch.ByteStorage" or "torch.uint8" => ElementType.U8,
        "torch.BoolStorage" or "torch.bool" => ElementType.Bool,
        _ => null,
    };
}

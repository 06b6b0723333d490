using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace VisionMamba.Tensors.Files;

/// <summary>Takes bytes in the order in which they belong into a file.</summary>
internal delegate void ByteSink(ReadOnlySpan<byte> bytes);

/// <summary>
/// Writes fp32 numbers as F32, F16 or BF16, little endian, rounded to nearest even, a piece at a time: no second copy
/// of a tensor is ever made.
/// </summary>
internal sealed class ElementWriter
{
    private const int Chunk = 1 << 16;
    private readonly byte[] _buffer = new byte[Chunk * sizeof(float)];

    /// <summary>Whether <paramref name="type"/> is one of the three kinds that can be written.</summary>
    public static bool Supports(ElementType type) =>
        type is ElementType.F32 or ElementType.F16 or ElementType.BF16;

    /// <summary>Writes all <paramref name="numbers"/>.</summary>
    public void Write(ReadOnlySpan<float> numbers, ElementType type, ByteSink sink)
    {
        for (; numbers.Length > 0; numbers = numbers[Math.Min(Chunk, numbers.Length)..])
        {
            ReadOnlySpan<float> chunk = numbers[..Math.Min(Chunk, numbers.Length)];
            if (type == ElementType.F32 && BitConverter.IsLittleEndian)
            {
                sink(MemoryMarshal.AsBytes(chunk));
                continue;
            }

            Span<byte> bytes = _buffer.AsSpan(0, chunk.Length * type.Bytes());
            Encode(chunk, type, bytes);
            sink(bytes);
        }
    }

    private static void Encode(ReadOnlySpan<float> chunk, ElementType type, Span<byte> bytes)
    {
        for (int i = 0; i < chunk.Length; i++)
        {
            if (type == ElementType.F32)
                BinaryPrimitives.WriteSingleLittleEndian(bytes[(4 * i)..], chunk[i]);
            else if (type == ElementType.F16)
                BinaryPrimitives.WriteHalfLittleEndian(bytes[(2 * i)..], (Half)chunk[i]);
            else
                BinaryPrimitives.WriteUInt16LittleEndian(bytes[(2 * i)..], (ushort)Bfloat16.Round(chunk[i]));
        }
    }
}

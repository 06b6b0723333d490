using System.Buffers.Binary;
using System.Numerics;

namespace VisionMamba.Training.TensorBoard;

/// <summary>
/// TensorFlow's record framing: length (8 bytes), its checksum (4), the bytes, their checksum (4), little endian. The
/// checksum is CRC-32C, rotated and offset so that a checksum of checksums is no weaker.
/// </summary>
internal static class RecordFraming
{
    public static void Write(Stream to, ReadOnlySpan<byte> record)
    {
        Span<byte> head = stackalloc byte[12], tail = stackalloc byte[4];
        BinaryPrimitives.WriteUInt64LittleEndian(head, (ulong)record.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], MaskedChecksum(head[..8]));
        BinaryPrimitives.WriteUInt32LittleEndian(tail, MaskedChecksum(record));
        to.Write(head);
        to.Write(record);
        to.Write(tail);
    }

    public static uint MaskedChecksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }
}

using System.Buffers.Binary;
using System.Text;

namespace VisionMamba.Tests.Support;

/// <summary>
/// Reads TensorBoard's event files: record framing and protocol buffers by the letter; the checksum bit by bit.
/// </summary>
internal static class EventFileReader
{
    public sealed record Event(
        double WallTime, long Step, string? FileVersion, bool SessionStart, List<(string Tag, float Value)> Values)
    {
        public (long Step, string Tag, float Value) Scalar(int index) => (
            Step, Values[index].Tag, Values[index].Value);
    }

    public static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 1 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
        }

        return ~crc;
    }

    public static List<Event> Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        var events = new List<Event>();
        for (int at = 0; at < bytes.Length;)
        {
            int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at)));
            Check(bytes.AsSpan(at, 8), bytes.AsSpan(at + 8));
            Check(bytes.AsSpan(at + 12, length), bytes.AsSpan(at + 12 + length));
            events.Add(Parse(bytes[(at + 12)..(at + 12 + length)]));
            at += 16 + length;
        }

        return events;
    }

    private static void Check(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> stored)
    {
        uint crc = Crc32C(bytes);
        Assert.Equal(((crc >> 15) | (crc << 17)) + 0xa282ead8, BinaryPrimitives.ReadUInt32LittleEndian(stored));
    }

    private static Event Parse(byte[] message)
    {
        var result = new Event(0, 0, null, false, []);
        foreach ((int field, ulong number, byte[] content) in Fields(message))
        {
            result = field switch
            {
                1 => result with { WallTime = BitConverter.UInt64BitsToDouble(number) },
                2 => result with { Step = (long)number },
                3 => result with { FileVersion = Encoding.UTF8.GetString(content) },
                7 => result with { SessionStart = Fields(content).Any(f => f is { Field: 1, Number: 1 }) },
                5 => result with { Values = [.. Fields(content).Select(f => Value(f.Content))] },
                _ => throw new InvalidDataException($"field {field}"),
            };
        }

        return result;
    }

    private static (string Tag, float Value) Value(byte[] message)
    {
        var fields = Fields(message).ToDictionary(f => f.Field);
        return (Encoding.UTF8.GetString(fields[1].Content), BitConverter.UInt32BitsToSingle(
            (uint)fields[2].Number));
    }

    private static IEnumerable<(int Field, ulong Number, byte[] Content)> Fields(byte[] m)
    {
        for (int at = 0; at < m.Length;)
        {
            ulong key = Varint(m, ref at);
            int field = (int)(key >> 3), width = (int)(key & 7);
            switch (width)
            {
                case 0:
                    yield return (field, Varint(m, ref at), []);
                    break;
                case 1:
                    yield return (field, BinaryPrimitives.ReadUInt64LittleEndian(m.AsSpan(at)), []);
                    at += 8;
                    break;
                case 2:
                    int length = (int)Varint(m, ref at);
                    yield return (field, 0, m[at..(at + length)]);
                    at += length;
                    break;
                case 5:
                    yield return (field, BinaryPrimitives.ReadUInt32LittleEndian(m.AsSpan(at)), []);
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"wire type {width}");
            }
        }
    }

    private static ulong Varint(byte[] m, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = m[at++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
                return value;
        }
    }
}

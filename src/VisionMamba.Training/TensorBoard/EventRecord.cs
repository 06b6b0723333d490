using System.Buffers.Binary;
using System.Text;

namespace VisionMamba.Training.TensorBoard;

/// <summary>
/// TensorFlow's Event message in protocol-buffer bytes, as far as curves need it. Event: 1 wall time, 2 step, 3 file
/// version, 5 summary, 7 session log. Summary: 1 values, each 1 tag and 2 number. Session log: 1 status.
/// </summary>
internal static class EventRecord
{
    private const int Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5;

    /// <summary>The first event of a file. From version 2 on, a restart may take back later steps.</summary>
    public static byte[] Version(double wallTime) =>
        [.. Double(1, wallTime), .. Block(3, Encoding.UTF8.GetBytes("brain.Event:2"))];

    /// <summary>Says that the run goes on at <paramref name="step"/>: what earlier files hold from there on is
    /// void.</summary>
    public static byte[] Restart(double wallTime, long step) =>
        [.. Double(1, wallTime), .. Number(2, step), .. Block(7, Number(1, 1))];

    /// <summary>Values of one step.</summary>
    public static byte[] Scalars(double wallTime, long step, ReadOnlySpan<(string Tag, double Value)> values)
    {
        var summary = new List<byte>();
        foreach ((string tag, double value) in values)
            summary.AddRange(Block(1, [.. Block(1, Encoding.UTF8.GetBytes(tag)), .. Single(2, (float)value)]));
        return [.. Double(1, wallTime), .. Number(2, step), .. Block(5, [.. summary])];
    }

    private static byte[] Block(int field, byte[] content) =>
        [.. Base128(Key(field, Bytes)), .. Base128((ulong)content.Length), .. content];

    private static byte[] Number(int field, long value) => [.. Base128(Key(field, Varint)), .. Base128((ulong)value)];

    private static byte[] Double(int field, double value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        return [.. Base128(Key(field, Fixed64)), .. bytes];
    }

    private static byte[] Single(int field, float value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        return [.. Base128(Key(field, Fixed32)), .. bytes];
    }

    private static ulong Key(int field, int wire) => (ulong)((field << 3) | wire);

    private static byte[] Base128(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }
}

using VisionMamba.Tensors;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

/// <summary>Packs and unpacks numbers of every kind on a device and compares each with the oracle.</summary>
internal static class PackCase
{
    /// <summary>One pair and half a pair, tails of a vector and of a group, more than one piece of a thread.</summary>
    public static readonly int[] Counts = [1, 2, 3, 31, 32, 33, 257, 1025, 40_001];

    public static void Check(Backend backend, int count)
    {
        float[] values = Values.Normal("packed", 3, 0, count).Floats;
        // From the end, too, where the upper halves are.
        for (int i = 0; i < Math.Min(count / 2, Bfloat16Oracle.Special.Length); i++)
            values[i] = values[count - 1 - i] = Bfloat16Oracle.Special[i];
        Tensor x = Tensor.From(values, count), packed = new((count + 1) / 2), y = new(count);
        packed.Fill(float.NaN);
        backend.Pack(x, packed);
        backend.Unpack(packed, y);
        Assert.Equal(values, x.Span.ToArray());
        Assert.Equal([.. values.Select(v => Bits(Bfloat16Oracle.Round(v)))], y.Span.ToArray().Select(Bits));
    }

    /// <summary>-0 is not 0; a NaN is a NaN.</summary>
    private static int Bits(float x) => float.IsNaN(x) ? -1 : BitConverter.SingleToInt32Bits(x);
}

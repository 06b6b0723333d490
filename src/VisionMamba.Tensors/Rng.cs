namespace VisionMamba.Tensors;

/// <summary>
/// Counter-based random numbers: every value is a pure function of (seed, stream, index), so results do not depend
/// on the number of threads or on the order of the calls. Philox-4x32-10 (Salmon et al., SC 2011).
/// </summary>
/// <param name="seed">The run's seed.</param>
/// <param name="stream">Separates independent uses of one seed; see <see cref="Derive"/>.</param>
public readonly struct Rng(ulong seed, ulong stream)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>A generator for an independent sub-stream named by <paramref name="key"/>.</summary>
    public Rng Derive(ulong key) => new(seed, Mix(stream + Golden * (key + 1)));

    /// <summary>32 random bits at <paramref name="index"/>.</summary>
    public uint Bits(ulong index)
    {
        uint c0 = (uint)index, c1 = (uint)(index >> 32), c2 = (uint)stream, c3 = (uint)(stream >> 32);
        uint k0 = (uint)seed, k1 = (uint)(seed >> 32);
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = 0xD2511F53UL * c0, p1 = 0xCD9E8D57UL * c2;
            uint n0 = (uint)(p1 >> 32) ^ c1 ^ k0, n2 = (uint)(p0 >> 32) ^ c3 ^ k1;
            c1 = (uint)p1;
            c3 = (uint)p0;
            c0 = n0;
            c2 = n2;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }

        return c0;
    }

    /// <summary>A number in [0, 1) with 24 random bits.</summary>
    public float Uniform(ulong index) => (Bits(index) >> 8) * (1f / (1 << 24));

    /// <summary>A standard normal number (Box-Muller); uses the counters 2*index and 2*index + 1.</summary>
    public float Normal(ulong index)
    {
        double u = (Bits(2 * index) + 1.0) / 4294967296.0, v = Bits(2 * index + 1) / 4294967296.0;
        return (float)(Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v));
    }

    /// <summary>An integer in [0, <paramref name="limit"/>).</summary>
    public int Below(ulong index, int limit) => (int)(((ulong)Bits(index) * (ulong)limit) >> 32);

    /// <summary>A random permutation of 0 .. count-1 (Fisher-Yates).</summary>
    public int[] Permutation(int count)
    {
        int[] order = new int[count];
        for (int i = 0; i < count; i++)
            order[i] = i;
        for (int i = count - 1; i > 0; i--)
        {
            int j = Below((ulong)i, i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

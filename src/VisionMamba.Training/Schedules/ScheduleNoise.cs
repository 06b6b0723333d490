namespace VisionMamba.Training.Schedules;

/// <summary>
/// timm 0.4.12's noise on the learning rate: in epochs From .. To-1 the rate grows by its product with a normal number
/// below <see cref="Limit"/> in size, which PyTorch's generator seeded with seed + epoch draws. timm ignores the
/// deviation it is given; here it counts, and its default of 1 gives timm's numbers.
/// </summary>
public sealed record ScheduleNoise(double From, double To, double Limit, double Deviation, ulong Seed)
{
    /// <summary>The noisy rate of epoch <paramref name="t"/>.</summary>
    public double Apply(double rate, int t)
    {
        if (t < From || t >= To)
            return rate;
        var normal = new TorchNormal(Seed + (ulong)t);
        double noise;
        do
            noise = normal.Next() * Deviation;
        while (Math.Abs(noise) >= Limit);
        return rate + (rate * noise);
    }
}

/// <summary>
/// torch.randn(1) with a seeded CPU generator: MT19937 (Matsumoto and Nishimura 1998), two 53-bit uniforms, Box-Muller,
/// and the second of each pair of numbers kept for the next call.
/// </summary>
internal sealed class TorchNormal
{
    private const int Size = 624, Middle = 397;
    private readonly uint[] _state = new uint[Size];
    private int _at = Size;
    private double? _kept;

    public TorchNormal(ulong seed)
    {
        _state[0] = (uint)seed;
        for (uint i = 1; i < Size; i++)
            _state[i] = (1812433253u * (_state[i - 1] ^ (_state[i - 1] >> 30))) + i;
    }

    public double Next()
    {
        double value;
        if (_kept is { } kept)
        {
            _kept = null;
            value = kept;
        }
        else
        {
            double u1 = Uniform(), u2 = Uniform();
            double r = Math.Sqrt(-2 * double.LogP1(-u2)), angle = 2 * Math.PI * u1;
            _kept = r * Math.Sin(angle);
            value = r * Math.Cos(angle);
        }

        return (float)value;
    }

    private double Uniform()
    {
        ulong high = Bits(), low = Bits();
        return (((high << 32) | low) & ((1UL << 53) - 1)) * (1.0 / (1UL << 53));
    }

    private uint Bits()
    {
        if (_at == Size)
            Refill();
        uint y = _state[_at++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680u;
        y ^= (y << 15) & 0xefc60000u;
        return y ^ (y >> 18);
    }

    private void Refill()
    {
        for (int i = 0; i < Size; i++)
        {
            uint y = (_state[i] & 0x80000000u) | (_state[(i + 1) % Size] & 0x7fffffffu);
            _state[i] = _state[(i + Middle) % Size] ^ (y >> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0dfu);
        }

        _at = 0;
    }
}

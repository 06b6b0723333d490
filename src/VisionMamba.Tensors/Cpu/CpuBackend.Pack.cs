using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <summary>
    /// Whether activations that the backward pass reads are kept as bfloat16; everything else stays fp32.
    /// </summary>
    public bool PacksActivations { get; init; }

    /// <inheritdoc/>
    public override long NumbersPacked(long count) => PacksActivations ? PackedNumbers.Of(count) : count;

    /// <inheritdoc/>
    public override void Pack(Tensor x, Tensor packed)
    {
        _pool.Run(
            PiecesOf(packed.Count), new PackKernel(x.Pointer, x.Count, (uint*)packed.Pointer, packed.Count));
        Keep(x, packed);
    }

    /// <inheritdoc/>
    public override void Unpack(Tensor packed, Tensor x)
    {
        _pool.Run(
            PiecesOf(packed.Count), new UnpackKernel((uint*)packed.Pointer, packed.Count, x.Pointer, x.Count));
        Keep(packed, x);
    }

    private static void Pack(float* low, float* high, int pairs, uint* packed)
    {
        int i = 0;
        for (; i <= pairs - Simd.Lanes; i += Simd.Lanes)
            ((Rounded(low + i) >>> 16) | Rounded(high + i)).Store(packed + i);
        for (; i < pairs; i++)
            packed[i] = Bfloat16.Round(low[i]) | (Bfloat16.Round(high[i]) << 16);
    }

    private static void Unpack(uint* packed, int pairs, float* low, float* high)
    {
        int i = 0;
        for (; i <= pairs - Simd.Lanes; i += Simd.Lanes)
        {
            Vector512<uint> both = Vector512.Load(packed + i);
            (both << 16).AsSingle().Store(low + i);
            (both & Vector512.Create(0xFFFF0000u)).AsSingle().Store(high + i);
        }

        for (; i < pairs; i++)
        {
            low[i] = BitConverter.UInt32BitsToSingle(packed[i] << 16);
            high[i] = BitConverter.UInt32BitsToSingle(packed[i] & 0xFFFF0000u);
        }
    }

    /// <summary><see cref="Bfloat16.Round(float)"/> of 16 numbers, in the upper halves; the lower ones are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Rounded(float* from)
    {
        Vector512<uint> bits = Vector512.Load(from).AsUInt32();
        Vector512<uint> rounded = bits + Vector512.Create(0x7FFFu) + ((bits >>> 16) & Vector512<uint>.One);
        Vector512<uint> nan = Vector512.GreaterThan(
            bits & Vector512.Create(0x7FFFFFFFu), Vector512.Create(0x7F800000u));
        return Vector512.ConditionalSelect(nan, bits | Vector512.Create(0x400000u), rounded)
            & Vector512.Create(0xFFFF0000u);
    }

    private readonly struct PackKernel(float* from, long count, uint* to, long half) : IPieces
    {
        public void Run(int piece)
        {
            (long start, int length) = Piece(piece, half);
            int pairs = (int)Math.Min(length, count - half - start);
            Pack(from + start, from + half + start, pairs, to + start);
            if (pairs < length)
                to[start + pairs] = Bfloat16.Round(from[start + pairs]);
        }
    }

    private readonly struct UnpackKernel(uint* from, long half, float* to, long count) : IPieces
    {
        public void Run(int piece)
        {
            (long start, int length) = Piece(piece, half);
            int pairs = (int)Math.Min(length, count - half - start);
            Unpack(from + start, pairs, to + start, to + half + start);
            if (pairs < length)
                to[start + pairs] = BitConverter.UInt32BitsToSingle(from[start + pairs] << 16);
        }
    }
}

using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace VisionMamba.Tensors.Cpu;

/// <summary>The processor: SIMD kernels in C#, split over a fixed set of threads by output.</summary>
public sealed unsafe partial class CpuBackend : Backend
{
    private const int ElementsPerPiece = 1 << 14, ChannelsPerPiece = 8 * Simd.Lanes;
    private readonly WorkerPool _pool;
    private readonly Gemm _gemm;
    private readonly VectorKernels _vectors;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">How many threads compute; 0 takes all processors.</param>
    public CpuBackend(int threads = 0)
        : this(threads, VectorKernels.Widest)
    {
    }

    internal CpuBackend(int threads, VectorKernels vectors)
    {
        _pool = new WorkerPool(threads > 0 ? threads : Environment.ProcessorCount);
        _gemm = new Gemm(_pool);
        _vectors = vectors;
    }

    /// <summary>The best instruction set in use.</summary>
    public static string InstructionSet =>
        Vector512.IsHardwareAccelerated ? "AVX-512"
        : Vector256.IsHardwareAccelerated && Fma.IsSupported ? "AVX2"
        : Vector128.IsHardwareAccelerated ? "128-bit SIMD" : "no SIMD";

    /// <summary>How many threads compute.</summary>
    public int Threads => _pool.Threads;

    /// <summary>
    /// Multiplies and adds in registers alone, in the calling thread; gives the floating-point operations that took, a
    /// multiply-add counted as 2. For measuring what this processor could do at best.
    /// </summary>
    public static double MultiplyAdd(int rounds) => VectorKernels.Widest.MultiplyAdd(rounds);

    /// <inheritdoc/>
    public override string Description =>
        $"cpu ({InstructionSet}, {Threads} thread{(Threads == 1 ? "" : "s")}"
        + $"{(PacksActivations ? ", bf16 activations" : "")})";

    /// <inheritdoc/>
    /// <remarks>8 images of 197 tokens: the matrix product of in_proj then runs at its full rate, the activations of
    /// more have no cache to be in.</remarks>
    public override int TokensAtOnce => 1600;

    /// <inheritdoc/>
    public override void Clear(Tensor x)
    {
        _pool.Run(PiecesOf(x.Count), new ClearKernel(x.Pointer, x.Count));
        Keep(x);
    }

    /// <inheritdoc/>
    public override double SumOfSquares(Tensor x)
    {
        // In fixed pieces, so that the order of the additions never changes.
        int pieces = PiecesOf(x.Count);
        double* sums = (double*)Scratch.TakeForKernel(2L * pieces);
        _pool.Run(pieces, new SquaresKernel(x.Pointer, x.Count, sums));
        Keep(x);
        double total = 0;
        for (int i = 0; i < pieces; i++)
            total += sums[i];
        return total;
    }

    /// <inheritdoc/>
    public override void Scale(Tensor x, float factor)
    {
        foreach (ref float value in x.Span)
            value *= factor;
        Keep(x);
    }

    /// <inheritdoc/>
    public override bool AllFinite(Tensor x)
    {
        foreach (float value in x.Span)
        {
            if (!float.IsFinite(value))
                return false;
        }

        Keep(x);
        return true;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        _gemm.Dispose();
        _pool.Dispose();
    }

    private static float* PointerOf(Tensor? x) => x is null ? null : x.Pointer;

    private static int PiecesOf(long count) => (int)((count + ElementsPerPiece - 1) / ElementsPerPiece);

    private static (long Start, int Length) Piece(int piece, long count)
    {
        long start = (long)piece * ElementsPerPiece;
        return (start, (int)Math.Min(ElementsPerPiece, count - start));
    }

    /// <summary>Runs <paramref name="kernel"/> over fixed groups of channels.</summary>
    private void OverChannels<TKernel>(int channels, TKernel kernel)
        where TKernel : struct, IRange => OverRanges(channels, 2 * Simd.Lanes, kernel);

    /// <summary>Runs <paramref name="kernel"/> over fixed blocks of rows.</summary>
    private void OverRows<TKernel>(int rows, int columns, TKernel kernel)
        where TKernel : struct, IRange =>
        OverRanges(rows, Math.Clamp(ElementsPerPiece / Math.Max(columns, 1), 1, 256), kernel);

    private void OverRanges<TKernel>(int count, int width, TKernel kernel)
        where TKernel : struct, IRange =>
        _pool.Run((count + width - 1) / width, new Ranges<TKernel>(count, width, kernel));

    /// <summary>Runs <paramref name="kernel"/> over 128 channels of a sample at a time.</summary>
    private void OverSamplesAndChannels<TKernel>(int batch, int channels, TKernel kernel)
        where TKernel : struct, ISampleRange
    {
        int chunks = ChunksOf(channels);
        _pool.Run(batch * chunks, new SampleRanges<TKernel>(channels, chunks, kernel));
    }

    private static int ChunksOf(int channels) => (channels + ChannelsPerPiece - 1) / ChannelsPerPiece;

    private readonly struct Ranges<TKernel>(int count, int width, TKernel kernel) : IPieces
        where TKernel : struct, IRange
    {
        public void Run(int piece) => kernel.Run(piece * width, Math.Min(count, (piece + 1) * width));
    }

    private readonly struct SampleRanges<TKernel>(int channels, int chunks, TKernel kernel) : IPieces
        where TKernel : struct, ISampleRange
    {
        public void Run(int piece)
        {
            int from = piece % chunks * ChannelsPerPiece;
            kernel.Run(piece / chunks, from, Math.Min(channels, from + ChannelsPerPiece));
        }
    }

    private readonly struct ClearKernel(float* x, long count) : IPieces
    {
        public void Run(int piece)
        {
            (long start, int length) = Piece(piece, count);
            new Span<float>(x + start, length).Clear();
        }
    }

    private readonly struct SquaresKernel(float* x, long count, double* sums) : IPieces
    {
        public void Run(int piece)
        {
            (long start, int length) = Piece(piece, count);
            double sum = 0;
            for (int i = 0; i < length; i++)
                sum += (double)x[start + i] * x[start + i];
            sums[piece] = sum;
        }
    }
}

using System.Runtime.InteropServices;

namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// The fp32 matrix product, blocked after Goto and van de Geijn (2008): op(B) is packed once into panels of the tile's
/// width, row blocks of op(A) into panels of its height, and a register tile runs over both.
/// Threads share out the tiles and never the depth, and the depth is cut by k alone, so an element's bits depend
/// on its row of op(A) and its column of op(B) only: neither on the threads nor on how many rows come along.
/// Not re-entrant.
/// </summary>
internal sealed unsafe partial class Gemm : IDisposable
{
    private const int MaxDepth = 384;
    private const int MaxRowsPerPiece = 192;
    private const int MaxPackedFloats = 1 << 21;
    private const long SerialWork = 1 << 18;
    private const int MaxCuts = 8;
    private const int PanelsPerPack = 4;

    // So few rows use a panel of a b that is not transposed too rarely to pay for its packing.
    private const int MaxRowsUnpacked = 24;

    private readonly WorkerPool _pool;
    private readonly GemmKernels _kernels;
    private readonly int[] _slotTaken;
    private float* _scratch;
    private readonly long _scratchPerSlot;
    private float* _packed;
    private long _packedFloats;
    private Job _job;

    public Gemm(WorkerPool pool)
        : this(pool, GemmKernels.Best)
    {
    }

    internal Gemm(WorkerPool pool, GemmTile tile)
    {
        _pool = pool;
        _kernels = new GemmKernels(tile);
        _slotTaken = new int[pool.Threads];
        _scratchPerSlot = MaxRowsPerPiece * MaxDepth + _kernels.Rows * _kernels.Columns;
        _scratch = Allocate(_scratchPerSlot * pool.Threads);
    }

    ~Gemm() => Free();

    /// <summary>
    /// c(m, n) = [c +] op(a)(m, k) op(b)(k, n) [+ bias(n)], all row major with a leading dimension (row stride);
    /// op transposes, so a transposed a is stored (k, m) and a transposed b (n, k).
    /// </summary>
    public void Multiply(
        bool transposeA, bool transposeB, int m, int n, int k, float* a, long lda, float* b, long ldb, float* c,
        long ldc, bool accumulate, float* bias = null)
    {
        if (m <= 0 || n <= 0)
            return;
        if (k <= 0)
        {
            Empty(m, n, c, ldc, accumulate, bias);
            return;
        }

        int blocks = (k + MaxDepth - 1) / MaxDepth;
        int depth = Math.Min(k, ((k + blocks - 1) / blocks + 3) & ~3);
        int columns = Math.Min(n, MaxPackedFloats / MaxDepth / _kernels.Columns * _kernels.Columns);
        int depths = Math.Max(1, MaxPackedFloats / (Padded(columns) * depth)) * depth;
        bool serial = (long)m * n * k <= SerialWork;
        for (int j = 0; j < n; j += columns)
        {
            for (int p = 0; p < k; p += depths)
            {
                _job = new Job
                {
                    TransposeA = transposeA,
                    TransposeB = transposeB,
                    M = m,
                    N = Math.Min(columns, n - j),
                    K = Math.Min(depths, k - p),
                    Depth = depth,
                    Lda = lda,
                    Ldb = ldb,
                    Ldc = ldc,
                    A = a + (transposeA ? p * lda : p),
                    B = b + (transposeB ? j * ldb + p : p * ldb + j),
                    C = c + j,
                    Accumulate = accumulate || p > 0,
                    Bias = bias == null || p > 0 ? null : bias + j,
                };
                RunJob(serial);
            }
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static float* Allocate(long floats) => (float*)NativeMemory.AlignedAlloc((nuint)floats * 4, 4096);

    private static void Empty(int m, int n, float* c, long ldc, bool accumulate, float* bias)
    {
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
                c[i * ldc + j] = (accumulate ? c[i * ldc + j] : 0) + (bias == null ? 0 : bias[j]);
        }
    }

    private int Padded(int columns) => (columns + _kernels.ColumnStep - 1) / _kernels.ColumnStep * _kernels.ColumnStep;

    private void Free()
    {
        NativeMemory.AlignedFree(_packed);
        NativeMemory.AlignedFree(_scratch);
        _packed = _scratch = null;
        _packedFloats = 0;
    }

    private void RunJob(bool serial)
    {
        ref Job job = ref _job;
        long floats = (long)Padded(job.N) * job.K;
        if (floats > _packedFloats)
        {
            NativeMemory.AlignedFree(_packed);
            _packed = null;
            _packed = Allocate(floats);
            _packedFloats = floats;
        }

        job.Packed = _packed;
        job.Panels = (job.N + _kernels.Columns - 1) / _kernels.Columns;
        job.FirstPacked = !job.TransposeB && job.M <= MaxRowsUnpacked ? job.N / _kernels.Columns : 0;
        Cut(ref job, serial ? 1 : _pool.Threads);
        int groups = (job.Panels - job.FirstPacked + PanelsPerPack - 1) / PanelsPerPack;
        Run(groups * ((job.K + job.Depth - 1) / job.Depth), new Packing(this), serial);
        Run(job.RowBlocks * job.ColumnBlocks, new Tiles(this), serial);
    }

    private void Run<TKernel>(int pieces, TKernel kernel, bool serial)
        where TKernel : struct, IPieces
    {
        if (!serial)
        {
            _pool.Run(pieces, kernel);
            return;
        }

        for (int i = 0; i < pieces; i++)
            kernel.Run(i);
    }

    // Cuts C into the grid of pieces with the least estimated time of the busiest thread, in tiles. Packing a row
    // panel costs about a quarter of a tile, which is paid once per column block.
    private void Cut(ref Job job, int threads)
    {
        int height = _kernels.Rows, rowPanels = (job.M + height - 1) / height, perBlock = MaxRowsPerPiece / height;
        int fewest = (rowPanels + perBlock - 1) / perBlock;
        (job.RowPanels, job.RowBlocks, job.ColumnBlocks) = (rowPanels, fewest, 1);
        if (threads == 1)
            return;
        double least = double.MaxValue;
        for (int rows = fewest; rows <= Math.Min(rowPanels, fewest + MaxCuts); rows++)
        {
            for (int columns = 1; columns <= Math.Min(job.Panels, MaxCuts); columns++)
            {
                int rounds = (rows * columns + threads - 1) / threads;
                double tiles = (double)((rowPanels + rows - 1) / rows) * ((job.Panels + columns - 1) / columns + 0.25);
                double cost = rounds * (tiles + 0.25);
                if (cost < least)
                    (least, job.RowBlocks, job.ColumnBlocks) = (cost, rows, columns);
            }
        }
    }

    private readonly struct Packing(Gemm gemm) : IPieces
    {
        public void Run(int piece) => gemm.PackPiece(piece);
    }

    private readonly struct Tiles(Gemm gemm) : IPieces
    {
        public void Run(int piece) => gemm.TilePiece(piece);
    }

    private struct Job
    {
        public bool TransposeA, TransposeB, Accumulate;
        public int M, N, K, Depth, Panels, FirstPacked, RowPanels, RowBlocks, ColumnBlocks;
        public long Lda, Ldb, Ldc;
        public float* A, B, C, Bias, Packed;
    }
}

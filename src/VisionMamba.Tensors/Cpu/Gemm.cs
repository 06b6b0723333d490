using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// C(m,n) = [C +] op(A)(m,k) op(B)(k,n) [+ bias(n)] in fp32. B is packed into panels as wide as a register tile; A is read
/// in place, or packed per piece when it is transposed. Pieces split C only and k is cut at fixed places, so a number of
/// C does not depend on the threads.
/// </summary>
internal sealed unsafe class Gemm : IDisposable
{
    private const int StepsPerPass = 1024;
    private const int RowsPerPiece = 96;
    private const int PanelsPerPiece = 8;
    private readonly WorkerPool _pool;
    private readonly int _tileRows, _tileColumns;
    private readonly bool _wide;
    private readonly Action<int> _packPiece, _multiplyPiece;
    private Job _job;
    private float* _packed;
    private long _packedCount;

    public Gemm(WorkerPool pool, bool? wide = null)
    {
        _pool = pool;
        _wide = wide ?? Vector512.IsHardwareAccelerated;
        (_tileRows, _tileColumns) = _wide ? (12, 32) : (6, 16);
        _packPiece = PackPanel;
        _multiplyPiece = MultiplyPiece;
    }

    ~Gemm() => NativeMemory.AlignedFree(_packed);

    /// <summary>See the class. Leading dimensions are row strides; A is (k,m) when transposed, B (n,k).</summary>
    public void Multiply(
        bool transposeA, bool transposeB, int m, int n, int k, float* a, long lda, float* b, long ldb, float* c, long ldc,
        bool accumulate, float* bias = null)
    {
        if (m == 0 || n == 0)
            return;
        _job = new Job
        {
            TransposeA = transposeA, TransposeB = transposeB, M = m, N = n, A = a, Lda = lda, B = b, Ldb = ldb, C = c,
            Ldc = ldc, Accumulate = accumulate, Bias = bias, Panels = (n + _tileColumns - 1) / _tileColumns,
        };
        // A transposed A is packed by every piece: fewer, wider pieces pack it less often.
        _job.PanelsPerPiece = transposeA ? 4 * PanelsPerPiece : PanelsPerPiece;
        _job.PanelBlocks = (_job.Panels + _job.PanelsPerPiece - 1) / _job.PanelsPerPiece;
        Reserve((long)_job.Panels * _tileColumns * Math.Min(k, StepsPerPass));
        int first = 0;
        do
        {
            _job.First = first;
            _job.Steps = Math.Min(StepsPerPass, k - first);
            _job.Last = first + _job.Steps >= k;
            _pool.Run(_job.Panels, _packPiece);
            _pool.Run((m + RowsPerPiece - 1) / RowsPerPiece * _job.PanelBlocks, _multiplyPiece);
            first += StepsPerPass;
        }
        while (first < k);
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_packed);
        _packed = null;
        _packedCount = 0;
        GC.SuppressFinalize(this);
    }

    private void Reserve(long count)
    {
        if (count <= _packedCount)
            return;
        NativeMemory.AlignedFree(_packed);
        _packed = (float*)NativeMemory.AlignedAlloc((nuint)(count * sizeof(float)), 64);
        _packedCount = count;
    }

    /// <summary>Writes the panel's columns as Steps rows of the tile's width, zeros beyond column n.</summary>
    private void PackPanel(int panel)
    {
        ref readonly Job j = ref _job;
        int from = panel * _tileColumns, columns = Math.Min(_tileColumns, j.N - from);
        float* to = _packed + ((long)panel * _tileColumns * j.Steps);
        if (columns < _tileColumns)
            new Span<float>(to, _tileColumns * j.Steps).Clear();
        if (j.TransposeB)
        {
            GemmPacking.Transpose(j.B + ((long)from * j.Ldb) + j.First, j.Ldb, columns, j.Steps, to, _tileColumns);
            return;
        }

        float* b = j.B + ((long)j.First * j.Ldb) + from;
        for (int p = 0; p < j.Steps; p++)
            new ReadOnlySpan<float>(b + (p * j.Ldb), columns).CopyTo(new Span<float>(to + ((long)p * _tileColumns), columns));
    }

    /// <summary>Up to 96 rows and some panels of C.</summary>
    private void MultiplyPiece(int piece)
    {
        ref readonly Job j = ref _job;
        int firstRow = piece / j.PanelBlocks * RowsPerPiece, rows = Math.Min(RowsPerPiece, j.M - firstRow);
        int firstPanel = piece % j.PanelBlocks * j.PanelsPerPiece;
        int endPanel = Math.Min(j.Panels, firstPanel + j.PanelsPerPiece);
        int tile = _tileRows * _tileColumns, fullRows = rows / _tileRows * _tileRows;
        long panelSize = (long)_tileRows * j.Steps;
        // Rows that do not fill a tile, and all rows of a transposed A, are packed (zeros below the last).
        int packedFrom = j.TransposeA ? 0 : fullRows;
        int packedPanels = (rows - packedFrom + _tileRows - 1) / _tileRows;
        float* edge = Scratch.Take(tile + (packedPanels * panelSize)), packedA = edge + tile;
        for (int i = 0; i < packedPanels; i++)
            PackA(firstRow + packedFrom + (i * _tileRows), packedA + (i * panelSize));
        for (int panel = firstPanel; panel < endPanel; panel++)
        {
            for (int i = 0; i < rows; i += _tileRows)
            {
                if (i >= packedFrom)
                    Tile(firstRow + i, panel, packedA + ((i - packedFrom) / _tileRows * panelSize), 1, _tileRows, edge);
                else
                    Tile(firstRow + i, panel, j.A + ((firstRow + i) * j.Lda) + j.First, j.Lda, 1, edge);
            }
        }
    }

    private void PackA(int row, float* to)
    {
        ref readonly Job j = ref _job;
        int rows = Math.Min(_tileRows, j.M - row);
        if (rows < _tileRows)
            new Span<float>(to, _tileRows * j.Steps).Clear();
        if (!j.TransposeA)
        {
            GemmPacking.Transpose(j.A + (row * j.Lda) + j.First, j.Lda, rows, j.Steps, to, _tileRows);
            return;
        }

        float* a = j.A + (j.First * j.Lda) + row;
        for (int p = 0; p < j.Steps; p++)
        {
            float* source = a + (p * j.Lda), target = to + ((long)p * _tileRows);
            int i = 0;
            for (; i + 4 <= rows; i += 4)
                Vector128.Load(source + i).Store(target + i);
            for (; i < rows; i++)
                target[i] = source[i];
        }
    }

    private void Tile(int row, int panel, float* a, long rowStride, long step, float* edge)
    {
        ref readonly Job j = ref _job;
        int column = panel * _tileColumns, rows = Math.Min(_tileRows, j.M - row);
        int columns = Math.Min(_tileColumns, j.N - column);
        float* b = _packed + ((long)panel * _tileColumns * j.Steps), c = j.C + (row * j.Ldc) + column;
        bool accumulate = j.Accumulate || j.First > 0, whole = rows == _tileRows && columns == _tileColumns;
        float* to = whole ? c : edge;
        long ldc = whole ? j.Ldc : _tileColumns;
        if (_wide)
            GemmTile.Tile512(j.Steps, a, rowStride, step, b, to, ldc, whole && accumulate);
        else
            GemmTile.Tile256(j.Steps, a, rowStride, step, b, to, ldc, whole && accumulate);
        if (!whole)
            CopyEdge(edge, c, rows, columns, accumulate);
        if (j.Bias != null && j.Last)
            AddBias(j.Bias + column, c, rows, columns);
    }

    private void CopyEdge(float* edge, float* c, int rows, int columns, bool accumulate)
    {
        for (int i = 0; i < rows; i++)
        {
            for (int n = 0; n < columns; n++)
                c[(i * _job.Ldc) + n] = edge[(i * _tileColumns) + n] + (accumulate ? c[(i * _job.Ldc) + n] : 0);
        }
    }

    private void AddBias(float* bias, float* c, int rows, int columns)
    {
        for (int i = 0; i < rows; i++)
        {
            for (int n = 0; n < columns; n += Simd.Lanes)
            {
                int count = Math.Min(Simd.Lanes, columns - n);
                Simd.Add(Simd.Load(bias + n, count), c + (i * _job.Ldc) + n, count);
            }
        }
    }

    private struct Job
    {
        public bool TransposeA, TransposeB, Accumulate, Last;
        public int M, N, First, Steps, Panels, PanelsPerPiece, PanelBlocks;
        public float* A, B, C, Bias;
        public long Lda, Ldb, Ldc;
    }
}

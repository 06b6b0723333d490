using System.Runtime.CompilerServices;

namespace VisionMamba.Tensors.Cpu;

// What the threads run: a piece packs panels of op(B), or packs rows of op(A) and runs the kernels over a block of C.
internal sealed unsafe partial class Gemm
{
    private void PackPiece(int piece)
    {
        ref Job job = ref _job;
        int groups = (job.Panels - job.FirstPacked + PanelsPerPack - 1) / PanelsPerPack;
        int first = job.FirstPacked + piece % groups * PanelsPerPack;
        int p = piece / groups * job.Depth, depth = Math.Min(job.Depth, job.K - p);
        int columns = Math.Min(PanelsPerPack * _kernels.Columns, job.N - first * _kernels.Columns);
        int j = first * _kernels.Columns;
        float* source = job.B + (job.TransposeB ? j * job.Ldb + p : p * job.Ldb + j);
        float* target = job.Packed + (long)p * Padded(job.N) + (long)j * depth;
        Pack(job.TransposeB, source, job.Ldb, columns, _kernels.Columns, _kernels.ColumnStep, depth, target);
    }

    // The last panel is only as high as its lines need, in steps.
    private static void Pack(
        bool transpose, float* source, long ld, int lines, int height, int step, int depth, float* target)
    {
        int full = lines / height, rest = lines % height;
        if (!transpose)
            GemmPacking.Copy(source, ld, full, height, depth, target);
        for (int i = 0; transpose && i < full; i++)
            GemmPacking.Transpose(
                source + i * height * ld, ld, height, height, depth, target + (long)i * height * depth);
        if (rest == 0)
            return;
        source += full * height * (transpose ? ld : 1);
        target += (long)full * height * depth;
        height = (rest + step - 1) / step * step;
        if (transpose)
            GemmPacking.Transpose(source, ld, rest, height, depth, target);
        else
            GemmPacking.CopyEdge(source, ld, rest, height, depth, target);
    }

    private void TilePiece(int piece)
    {
        int slot = 0;
        while (Interlocked.CompareExchange(ref _slotTaken[slot], 1, 0) != 0)
            slot = (slot + 1) % _slotTaken.Length;
        try
        {
            ref Job job = ref _job;
            int rowBlock = piece / job.ColumnBlocks, columnBlock = piece % job.ColumnBlocks;
            int row = (int)((long)job.RowPanels * rowBlock / job.RowBlocks) * _kernels.Rows;
            int rowEnd = (int)((long)job.RowPanels * (rowBlock + 1) / job.RowBlocks) * _kernels.Rows;
            int panel = (int)((long)job.Panels * columnBlock / job.ColumnBlocks);
            int panelEnd = (int)((long)job.Panels * (columnBlock + 1) / job.ColumnBlocks);
            Block(row, Math.Min(rowEnd, job.M), panel, panelEnd, _scratch + slot * _scratchPerSlot);
        }
        finally
        {
            Volatile.Write(ref _slotTaken[slot], 0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Block(int row, int rowEnd, int panel, int panelEnd, float* packedA)
    {
        ref Job job = ref _job;
        for (int p = 0; p < job.K; p += job.Depth)
        {
            int depth = Math.Min(job.Depth, job.K - p);
            float* source = job.A + (job.TransposeA ? p * job.Lda + row : row * job.Lda + p);
            Pack(!job.TransposeA, source, job.Lda, rowEnd - row, _kernels.Rows, _kernels.RowStep, depth, packedA);
            for (int j = panel * _kernels.Columns; j < panelEnd * _kernels.Columns; j += _kernels.Columns)
                Panel(row, rowEnd, j, p, depth, packedA);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Panel(int row, int rowEnd, int j, int p, int depth, float* packedA)
    {
        ref Job job = ref _job;
        int width = _kernels.Width(job.N - j), columns = Math.Min(width, job.N - j);
        bool packed = j / _kernels.Columns >= job.FirstPacked;
        float* b = packed ? job.Packed + (long)p * Padded(job.N) + (long)j * depth : job.B + p * job.Ldb + j;
        long ldb = packed ? width : job.Ldb;
        float* bias = p > 0 || job.Bias == null ? null : job.Bias + j;
        float* edge = stackalloc float[384];
        bool accumulate = job.Accumulate || p > 0;
        for (int i = row; i < rowEnd; i += _kernels.Rows)
        {
            int height = _kernels.Height(rowEnd - i), rows = Math.Min(height, rowEnd - i);
            float* c = job.C + i * job.Ldc + j;
            if (rows == height && columns == width)
                _kernels.For(height, width)(depth, packedA, b, ldb, c, job.Ldc, bias, accumulate);
            else
            {
                _kernels.For(height, width)(depth, packedA, b, ldb, edge, width, null, false);
                StoreEdge(edge, width, rows, columns, c, job.Ldc, bias, accumulate);
            }

            packedA += (long)height * depth;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreEdge(
        float* edge, int width, int rows, int columns, float* c, long ldc, float* bias, bool accumulate)
    {
        for (int i = 0; i < rows; i++, edge += width, c += ldc)
        {
            for (int j = 0; j < columns; j++)
            {
                float sum = edge[j] + (bias == null ? 0 : bias[j]);
                c[j] = accumulate ? sum + c[j] : sum;
            }
        }
    }
}

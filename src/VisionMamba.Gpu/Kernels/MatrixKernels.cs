using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// c = a b + bias, or c += a b: a(m, k) stands at m ARow + k AColumn, b(k, n) at k BRow + n BColumn, c(m, n) at
/// m CRow + n. A bias has a number for each column.
/// </summary>
internal struct MatrixArguments
{
    public ArrayView<float> A, B, C, Bias;

    public int M, N, K, ARow, AColumn, BRow, BColumn, CRow;

    public int Accumulate, HasBias;
}

/// <summary>
/// Matrix products in C#: 32 x 32 numbers a group, 4 x 4 a thread, through tiles of shared memory. Every sum over k has
/// one order. They are correct everywhere and far below a card's peak: large products belong to cuBLAS.
/// </summary>
internal static class MatrixKernels
{
    /// <summary>Threads of a group.</summary>
    public const int GroupSize = 64;

    private const int Tile = 32, Depth = 8, Across = 8, Line = Tile + 1;

    /// <summary>A group for each tile of the result.</summary>
    public static KernelConfig Configure(int m, int n) =>
        (new Index3D((n + Tile - 1) / Tile, (m + Tile - 1) / Tile, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>Computes the product.</summary>
    public static void Multiply(MatrixArguments p)
    {
        ArrayView<float> a = SharedMemory.Allocate<float>(Depth * Line), b = SharedMemory.Allocate<float>(Depth * Line);
        int row = Grid.IdxY * Tile, column = Grid.IdxX * Tile;
        int x = Group.IdxX % Across, y = Group.IdxX / Across;
        MatrixRow r0 = default, r1 = default, r2 = default, r3 = default;
        for (int from = 0; from < p.K; from += Depth)
        {
            Load(p.A, a, row, p.M, p.ARow, from, p.K, p.AColumn);
            Load(p.B, b, column, p.N, p.BColumn, from, p.K, p.BRow);
            Group.Barrier();
            for (int k = 0; k < Depth; k++)
            {
                int at = k * Line;
                float b0 = b[at + x], b1 = b[at + x + 8], b2 = b[at + x + 16], b3 = b[at + x + 24];
                r0.Add(a[at + y], b0, b1, b2, b3);
                r1.Add(a[at + y + 8], b0, b1, b2, b3);
                r2.Add(a[at + y + 16], b0, b1, b2, b3);
                r3.Add(a[at + y + 24], b0, b1, b2, b3);
            }

            Group.Barrier();
        }

        Store(p, row + y, column + x, r0);
        Store(p, row + y + 8, column + x, r1);
        Store(p, row + y + 16, column + x, r2);
        Store(p, row + y + 24, column + x, r3);
    }

    /// <summary>A tile of 32 lines and 8 of the sum's numbers, zeros outside the matrix; 4 numbers a thread.</summary>
    private static void Load(
        ArrayView<float> from, ArrayView<float> to, int line, int lines, int lineStride, int k, int depth, int stride)
    {
        // Neighbouring threads read neighbouring numbers, whichever way the matrix lies.
        bool along = stride == 1;
        for (int i = Group.IdxX; i < Tile * Depth; i += GroupSize)
        {
            int l = along ? i / Depth : i % Tile, d = along ? i % Depth : i / Tile;
            bool inside = line + l < lines && k + d < depth;
            to[(d * Line) + l] = inside ? from[((long)(line + l) * lineStride) + ((long)(k + d) * stride)] : 0f;
        }
    }

    private static void Store(in MatrixArguments p, int row, int column, in MatrixRow r)
    {
        if (row >= p.M)
            return;
        Store(p, row, column, r.V0);
        Store(p, row, column + 8, r.V1);
        Store(p, row, column + 16, r.V2);
        Store(p, row, column + 24, r.V3);
    }

    private static void Store(in MatrixArguments p, int row, int column, float value)
    {
        if (column >= p.N)
            return;
        long at = ((long)row * p.CRow) + column;
        if (p.HasBias != 0)
            value += p.Bias[column];
        p.C[at] = p.Accumulate != 0 ? p.C[at] + value : value;
    }
}

/// <summary>Four numbers of a row of a product, in registers.</summary>
internal struct MatrixRow
{
    public float V0, V1, V2, V3;

    /// <summary>Adds a to each times its b.</summary>
    public void Add(float a, float b0, float b1, float b2, float b3)
    {
        V0 += a * b0;
        V1 += a * b1;
        V2 += a * b2;
        V3 += a * b3;
    }
}

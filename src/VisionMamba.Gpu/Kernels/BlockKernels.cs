using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>A block of numbers that goes from one tensor to another: item i, row r, column c of each.</summary>
internal struct BlockArguments
{
    public ArrayView<float> From, To;

    /// <summary>Sizes of the block.</summary>
    public int Items, Rows, Columns;

    /// <summary>Where number (i, r, c) stands: Start + i Item + r Row + c.</summary>
    public long FromStart, FromItem, FromRow, ToStart, ToItem, ToRow;

    public float Scale;

    public int Accumulate;
}

/// <summary>Copies between places that are lines of numbers side by side: tokens, columns, rows.</summary>
internal static class BlockKernels
{
    /// <summary>to = from, or to += scale from; a thread for each number.</summary>
    public static void Copy(BlockArguments a)
    {
        long index = ElementKernels.Index;
        if (index >= (long)a.Items * a.Rows * a.Columns)
            return;
        long line = index / a.Columns, item = line / a.Rows, row = line - (item * a.Rows);
        long column = index - (line * a.Columns);
        float value = a.From[a.FromStart + (item * a.FromItem) + (row * a.FromRow) + column];
        long to = a.ToStart + (item * a.ToItem) + (row * a.ToRow) + column;
        a.To[to] = a.Accumulate != 0 ? a.To[to] + (a.Scale * value) : value;
    }
}

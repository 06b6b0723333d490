using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>Partial sums (count, lines, columns) and the target to which some of their lines are added.</summary>
internal struct LineSums
{
    public ArrayView<float> Parts, Target;

    /// <summary>Sizes of the partial sums.</summary>
    public int Count, Lines, Columns;

    /// <summary>
    /// The lines to add, and where line l, column c goes: Offset + (l - FirstLine) LineStride + c ColumnStride.
    /// </summary>
    public int FirstLine, LineCount, Offset, LineStride, ColumnStride;
}

/// <summary>
/// The second stage of all sums over samples or rows: no atomics, the same order in every run. A group sums 32 columns
/// in 8 slices of the count, each in order, and then adds the slices in order.
/// </summary>
internal static class SumKernels
{
    /// <summary>Threads of a group.</summary>
    public const int GroupSize = Columns * Slices;

    private const int Columns = 32, Slices = 8;

    /// <summary>Groups: x over the columns, y over the lines.</summary>
    public static KernelConfig Configure(int columns, int lines) =>
        (new Index3D((columns + Columns - 1) / Columns, lines, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>Adds the lines.</summary>
    public static void AddLines(LineSums s)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(GroupSize);
        int column = (Grid.IdxX * Columns) + (Group.IdxX % Columns), slice = Group.IdxX / Columns;
        int share = (s.Count + Slices - 1) / Slices, from = slice * share;
        int to = from + share < s.Count ? from + share : s.Count;
        float sum = 0f;
        if (column < s.Columns)
        {
            for (int i = from; i < to; i++)
                sum += s.Parts[((((long)i * s.Lines) + s.FirstLine + Grid.IdxY) * s.Columns) + column];
        }

        sums[Group.IdxX] = sum;
        Group.Barrier();
        if (slice != 0 || column >= s.Columns)
            return;
        for (int i = 1; i < Slices; i++)
            sum += sums[(i * Columns) + Group.IdxX];
        s.Target[s.Offset + ((long)Grid.IdxY * s.LineStride) + ((long)column * s.ColumnStride)] += sum;
    }
}

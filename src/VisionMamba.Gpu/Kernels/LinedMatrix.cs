using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>A matrix of which line l starts at l Line; its numbers are counted line after line.</summary>
internal struct LinedMatrix
{
    public ArrayView<float> Numbers;

    public long Count;

    public int Columns, Line;

    /// <summary>Where a number stands.</summary>
    public readonly long Place(long index) => (index / Columns * Line) + (index % Columns);

    public readonly float At(long index) => Numbers[Place(index)];
}

namespace VisionMamba.Tests.Oracles;

/// <summary>A row-major block of doubles, indexed by one to four subscripts.</summary>
internal sealed class Block(double[] values, params int[] shape)
{
    public Block(params int[] shape)
        : this(new double[shape.Aggregate(1, (a, b) => a * b)], shape)
    {
    }

    public double[] Values { get; } = values;

    public int[] Shape { get; } = shape;

    public int Count => Values.Length;

    public int Columns => Shape[^1];

    public int Rows => Count / Columns;

    public float[] Floats => Array.ConvertAll(Values, v => (float)v);

    public ref double this[int i] => ref Values[i];

    /// <summary>Row <paramref name="i"/> of the block seen as (rows, columns).</summary>
    public ref double this[int i, int j] => ref Values[(i * Columns) + j];

    public ref double this[int i, int j, int k] => ref Values[(((i * Shape[1]) + j) * Shape[2]) + k];

    public ref double this[int i, int j, int k, int l] =>
        ref Values[(((((i * Shape[1]) + j) * Shape[2]) + k) * Shape[3]) + l];

    /// <summary>A copy whose values are moved by <paramref name="step"/> times <paramref name="direction"/>.</summary>
    public Block Moved(double[] direction, double step) =>
        new([.. Values.Select((v, i) => v + (step * direction[i]))], Shape);
}

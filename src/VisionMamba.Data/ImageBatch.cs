namespace VisionMamba.Data;

/// <summary>
/// Network input for a few samples. It belongs to the loader: valid until the next batch is asked for, when its pixel
/// memory is written again. Copy what must live longer.
/// </summary>
public sealed class ImageBatch
{
    internal ImageBatch(float[] pixels, int size, int[] indices, int[] labels, string[] paths) =>
        (Pixels, Size, Indices, Labels, Paths) = (pixels, size, indices, labels, paths);

    /// <summary>
    /// (Count, 3, Size, Size) normalised numbers. A short last batch leaves the end of the array unused.
    /// </summary>
    public float[] Pixels { get; }

    /// <summary>The used part of <see cref="Pixels"/>.</summary>
    public ReadOnlySpan<float> Input => Pixels.AsSpan(0, Count * 3 * Size * Size);

    /// <summary>Pixels a side.</summary>
    public int Size { get; }

    /// <summary>Samples in the batch.</summary>
    public int Count => Indices.Length;

    /// <summary>Positions in the data set.</summary>
    public int[] Indices { get; }

    /// <summary>Labels, (Count).</summary>
    public int[] Labels { get; }

    /// <summary>The samples' paths, (Count).</summary>
    public string[] Paths { get; }
}

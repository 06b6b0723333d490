using VisionMamba.Data.Images;

namespace VisionMamba.Data.Datasets;

/// <summary>Where a data set's pictures come from. Called from several threads at once.</summary>
public interface IImageSource
{
    /// <summary>The picture of sample <paramref name="index"/>; the caller does not change it.</summary>
    RgbImage Load(int index, Sample sample);
}

/// <summary>Decodes each sample's file, every time it is asked for.</summary>
public sealed class FileImageSource : IImageSource
{
    /// <summary>The one instance that is needed.</summary>
    public static FileImageSource Instance { get; } = new();

    /// <inheritdoc/>
    public RgbImage Load(int index, Sample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        return ImageDecoder.Decode(sample.Path);
    }
}

/// <summary>
/// Pictures made or held in memory: <paramref name="load"/> must give the same picture for the same index.
/// </summary>
public sealed class MemoryImageSource(Func<int, RgbImage> load) : IImageSource
{
    /// <inheritdoc/>
    public RgbImage Load(int index, Sample sample) => load(index);
}

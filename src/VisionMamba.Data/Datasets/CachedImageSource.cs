using VisionMamba.Data.Images;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// Keeps decoded pictures (width x height x 3 bytes each) until a byte budget is full; what does not fit is loaded
/// anew each time. Nothing is thrown out: an epoch visits every sample once, so replacing would never help.
/// </summary>
public sealed class CachedImageSource : IImageSource
{
    /// <summary>1 GiB: about 87,000 pictures of 64 x 64 pixels, or 1,900 of 500 x 375.</summary>
    public const long DefaultBudget = 1L << 30;

    private readonly IImageSource _source;
    private readonly RgbImage?[] _kept;
    private readonly long _budget;
    private long _used;

    /// <summary>A cache of at most <paramref name="budget"/> bytes for <paramref name="count"/> samples.</summary>
    public CachedImageSource(IImageSource source, int count, long budget = DefaultBudget)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(budget);
        _source = source;
        _kept = new RgbImage?[count];
        _budget = budget;
    }

    /// <inheritdoc/>
    public RgbImage Load(int index, Sample sample)
    {
        if (Volatile.Read(ref _kept[index]) is { } known)
            return known;
        RgbImage image = _source.Load(index, sample);
        int bytes = image.Pixels.Length;
        if (Interlocked.Add(ref _used, bytes) > _budget
            || Interlocked.CompareExchange(ref _kept[index], image, null) is not null)
            Interlocked.Add(ref _used, -bytes);
        return image;
    }
}

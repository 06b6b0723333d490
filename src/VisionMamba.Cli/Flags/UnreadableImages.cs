using System.Collections.Concurrent;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;

namespace VisionMamba.Cli.Flags;

/// <summary>
/// Reads files for --on-bad-image: fail ends with the first that cannot be read, skip takes a blank picture in its
/// place and keeps the reason.
/// </summary>
internal sealed class UnreadableImages(bool skip) : IImageSource
{
    private static readonly RgbImage s_blank = new(1, 1, new byte[3]);
    private readonly ConcurrentDictionary<string, string> _reasons = [];

    /// <inheritdoc/>
    public RgbImage Load(int index, Sample sample) => Load(sample.Path);

    /// <summary>The picture in a file, or a blank one.</summary>
    public RgbImage Load(string path)
    {
        try
        {
            return ImageDecoder.Decode(path);
        }
        catch (VisionMambaException e) when (skip)
        {
            _reasons[path] = e.Message;
            return s_blank;
        }
    }

    /// <summary>Says that a picture was blank, and why; null where it was that of the file.</summary>
    public string? Report(string path)
    {
        string? reason = _reasons.GetValueOrDefault(path);
        if (reason is not null)
            Console.Error.WriteLine($"skipped: {reason}");
        return reason;
    }
}

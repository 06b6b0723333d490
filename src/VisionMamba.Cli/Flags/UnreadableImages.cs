using System.Collections.Concurrent;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;

namespace VisionMamba.Cli.Flags;

/// <summary>
/// Reads files for --on-bad-image skip: one that cannot be read becomes a blank picture, and the reason is kept.
/// </summary>
internal sealed class UnreadableImages : IImageSource
{
    private static readonly RgbImage s_blank = new(1, 1, new byte[3]);
    private readonly ConcurrentDictionary<string, string> _reasons = [];

    /// <inheritdoc/>
    public RgbImage Load(int index, Sample sample)
    {
        try
        {
            return ImageDecoder.Decode(sample.Path);
        }
        catch (VisionMambaException e)
        {
            _reasons[sample.Path] = e.Message;
            return s_blank;
        }
    }

    /// <summary>Why a picture that was loaded is not that of the file; null where it is.</summary>
    public string? Reason(string path) => _reasons.GetValueOrDefault(path);
}

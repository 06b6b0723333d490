using System.CommandLine;
using VisionMamba.Data.Images;

namespace VisionMamba.Cli.Flags;

/// <summary>--on-bad-image of the verbs that answer: fail, or report an image and go on.</summary>
internal sealed class BadImageFlag
{
    public Option<string> Flag { get; } = new("--on-bad-image")
    {
        Description = "an unreadable image: fail, or skip "
            + "(report it, go on with the rest and end with exit code 1)",
        DefaultValueFactory = _ => "fail",
    };

    public bool Skips(ParseResult parsed) => parsed.GetValue(Flag) switch
    {
        "skip" => true,
        "fail" => false,
        var other => throw new UsageException($"--on-bad-image {other}: give fail or skip"),
    };

    /// <summary>The picture; null when it cannot be read and was reported instead.</summary>
    public static RgbImage? Decode(string path, bool skip, Action<string> reported)
    {
        try
        {
            return ImageDecoder.Decode(path);
        }
        catch (VisionMambaException e) when (skip)
        {
            Console.Error.WriteLine($"skipped: {e.Message}");
            reported(e.Message);
            return null;
        }
    }
}

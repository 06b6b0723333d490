using System.CommandLine;

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

    /// <summary>Reads images as the flag says.</summary>
    /// <exception cref="UsageException">It is neither of its words.</exception>
    public UnreadableImages Read(ParseResult parsed) => parsed.GetValue(Flag) switch
    {
        "skip" => new UnreadableImages(skip: true),
        "fail" => new UnreadableImages(skip: false),
        var other => throw new UsageException($"--on-bad-image {other}: give fail or skip"),
    };
}

using System.Text.Json.Nodes;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Prompting.Pixels;

/// <summary>Where a visual prompt lies in the image.</summary>
public enum PixelPlacement
{
    /// <summary>A frame of the given width along the border.</summary>
    Pad,

    /// <summary>A square of the given side in the upper left corner.</summary>
    Patch,

    /// <summary>The whole image.</summary>
    Full,
}

/// <summary>
/// Visual prompting in pixel space (VP, Bahng et al., arXiv 2203.17274, equation 3): x + v, where v is the same learned
/// picture for every image and zero outside its placement. It is added to the normalised image, after SimAM where the
/// model has it. A frame of width p on C x S x S pixels has 4 C p (S - p) numbers. It starts at zero, so training
/// starts at the frozen model (the published code starts from standard normal noise). VPT's "pad" differs: it shrinks
/// the image to make room for the frame.
/// </summary>
public sealed class PixelPromptMethod(int size, PixelPlacement placement) : TuningMethod
{
    private const double PublishedShare = 30.0 / 224;

    private Tensor? _prompt;
    private int[] _at = [];

    /// <summary>Width of the frame or side of the square in pixels; 0 means the published 30 of 224.</summary>
    public int Size { get; } = size;

    /// <summary>Where the prompt lies.</summary>
    public PixelPlacement Placement { get; } = placement;

    /// <inheritdoc/>
    public override string Name => "vp";

    /// <inheritdoc/>
    public override JsonObject Settings => new() { ["size"] = Size, ["placement"] = Words.Of(Placement) };

    /// <summary>The words for <see cref="PixelPlacement"/>.</summary>
    public static IReadOnlyList<string> Placements { get; } = Words.All<PixelPlacement>();

    /// <summary>Makes the method from its settings; missing keys take the defaults (0, "pad").</summary>
    public static PixelPromptMethod FromSettings(JsonObject settings) =>
        new((int?)settings["size"] ?? 0, Words.Parse<PixelPlacement>((string?)settings["placement"], "vp placement"));

    /// <inheritdoc/>
    public override void Declare(ParameterScope root, VisionMambaConfig model)
    {
        int side = model.ImageSize, most = Placement == PixelPlacement.Pad ? side / 2 : side;
        int size = Size == 0 ? Math.Clamp((int)Math.Round(PublishedShare * side), 1, Math.Max(most, 1)) : Size;
        Require(size >= 1 && size <= most, $"size must be 1 to {most} for images of {side} px, not {Size}");
        _at = Places(model.Channels, side, size);
        _prompt = root.Parameter("prompt_pixels", [1, _at.Length], Initial.Zeros);
    }

    /// <inheritdoc/>
    public override bool Trains(string name) => IsHead(name) || name == "prompt_pixels";

    /// <inheritdoc/>
    public override Tensor Image(Tape tape, Tensor image, ForwardContext context) =>
        tape.PixelPrompt(image, _prompt!, _at);

    private int[] Places(int channels, int side, int size)
    {
        bool Has(int y, int x) => Placement switch
        {
            PixelPlacement.Pad => Math.Min(Math.Min(y, x), Math.Min(side - 1 - y, side - 1 - x)) < size,
            PixelPlacement.Patch => y < size && x < size,
            _ => true,
        };
        return [.. Enumerable.Range(0, channels * side * side).Where(i => Has(i / side % side, i % side))];
    }
}

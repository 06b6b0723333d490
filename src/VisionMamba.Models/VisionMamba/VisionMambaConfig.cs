using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>
/// The architecture of a Vision Mamba (Vim, arXiv 2401.09417). The defaults are those of the released models.
/// </summary>
public sealed record VisionMambaConfig
{
    /// <summary>The largest width, side or count that a model may have.</summary>
    public const int MaxSize = 1 << 20;

    private const int MaxDepth = 10_000;

    /// <summary>Side of the square input image in pixels.</summary>
    public int ImageSize { get; init; } = 224;

    /// <summary>Side of a patch in pixels.</summary>
    public int Patch { get; init; } = 16;

    /// <summary>Distance between patches in pixels; smaller than <see cref="Patch"/> makes them overlap.</summary>
    public int Stride { get; init; } = 16;

    /// <summary>Image channels.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Width D of a token.</summary>
    public int Dim { get; init; } = 192;

    /// <summary>Number of blocks.</summary>
    public int Depth { get; init; } = 24;

    /// <summary>Width E of the mixer, 2 D in the released models.</summary>
    public int Inner { get; init; } = 384;

    /// <summary>States N per channel.</summary>
    public int State { get; init; } = 16;

    /// <summary>Rank R of the step size's projection, ceil(D / 16) in the released models.</summary>
    public int Rank { get; init; } = 12;

    /// <summary>Taps of the causal convolution.</summary>
    public int ConvWidth { get; init; } = 4;

    /// <summary>Number of classes.</summary>
    public int Classes { get; init; } = 1000;

    /// <summary>
    /// 1: a linear head. 2: two linear layers D -> D/2 -> classes (SVP on CUB200, NABirds and Flowers).
    /// </summary>
    public int HeadLayers { get; init; } = 1;

    /// <summary>RMSNorm (released models) or LayerNorm.</summary>
    public NormKind Norm { get; init; } = NormKind.RmsNorm;

    /// <summary>Added to the mean square in the norms.</summary>
    public float Epsilon { get; init; } = 1e-5f;

    /// <summary>Applies SimAM to the input image (SVP's "input_relu").</summary>
    public bool SimAm { get; init; }

    /// <summary>Patches per side.</summary>
    public int Grid => ((ImageSize - Patch) / Stride) + 1;

    /// <summary>Number of patches M; a sequence has M + 1 tokens.</summary>
    public int Patches => Grid * Grid;

    /// <summary>Index of the class token, in the middle: M / 2.</summary>
    public int ClassToken => Patches / 2;

    /// <summary>
    /// How many blocks, the first ones, compute in_proj's output again for their backward pass: one in four. That is
    /// 3 % of the time of a step of prompt tuning against 15 % of its memory; all blocks would be 11 % against 60 %.
    /// </summary>
    public int RecomputedBlocks => Depth / 4;

    /// <summary>The named sizes: tiny, small, base and their stride-8 forms.</summary>
    public static IReadOnlyDictionary<string, VisionMambaConfig> Presets { get; } =
        new Dictionary<string, VisionMambaConfig>
        {
            ["tiny"] = OfWidth(192),
            ["small"] = OfWidth(384),
            ["base"] = OfWidth(768),
            ["tiny-stride8"] = OfWidth(192) with { Stride = 8 },
            ["small-stride8"] = OfWidth(384) with { Stride = 8 },
            ["base-stride8"] = OfWidth(768) with { Stride = 8 },
        };

    /// <summary>The released shape at width <paramref name="dim"/>: mixer 2 D wide, rank ceil(D / 16).</summary>
    public static VisionMambaConfig OfWidth(int dim) => new() { Dim = dim, Inner = 2 * dim, Rank = (dim + 15) / 16 };

    /// <summary>Throws one clear line when the sizes cannot make a model.</summary>
    public void Validate()
    {
        Check(Dim > 0 && Depth > 0 && Inner > 0 && State > 0 && Rank > 0 && Classes > 0 && ConvWidth > 0,
            "all sizes must be positive");
        Check(Patch > 0 && Stride > 0, "patch and stride must be positive");
        Check(ImageSize >= Patch, $"an image of {ImageSize} px is smaller than one patch of {Patch} px");
        // What no model has is damage; found here, it costs neither time nor memory.
        Check(Depth <= MaxDepth, $"{Depth} blocks are more than {MaxDepth}");
        Check(new[] { Dim, Inner, State, Rank, Classes, ImageSize, Patch, Channels, ConvWidth }.Max() <= MaxSize,
            $"a size above {MaxSize}");
        Check(Channels > 0, "an image needs channels");
        Check((long)Grid * Grid < int.MaxValue, $"{Grid} x {Grid} patches are too many");
        Check(HeadLayers is 1 or 2, $"a head has 1 or 2 linear layers, not {HeadLayers}");
        Check(HeadLayers == 1 || Dim >= 2, "a two-layer head needs a width of at least 2");
        CheckTensors();
    }

    /// <summary>The largest tensors must be countable; the products of single sizes need not be.</summary>
    private void CheckTensors()
    {
        Int128 patches = (Int128)Dim * Channels * Patch * Patch, input = (Int128)Channels * ImageSize * ImageSize;
        Int128 mixer = 2 * (Int128)Inner * Math.Max(Dim, Math.Max(State, Rank)), head = (Int128)Classes * Dim;
        Check(Int128.Max(Int128.Max(patches, input), Int128.Max(mixer, head)) <= int.MaxValue,
            "a tensor of more than 2^31 numbers");
    }

    private static void Check(bool holds, string problem)
    {
        if (!holds)
            throw new VisionMambaException($"model configuration: {problem}");
    }
}

using VisionMamba.Data.Augment.Operations;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Augment;

/// <summary>
/// AugMix (Hendrycks et al., 2020) as timm 0.4.12: chains of operations, mixed with Dirichlet weights, then with the
/// picture. The levels are drawn evenly from [0, level).
/// </summary>
/// <param name="steps">The operations to draw from.</param>
/// <param name="alpha">Of the Dirichlet and beta distributions.</param>
/// <param name="width">Chains.</param>
/// <param name="depth">Operations of a chain; below 1 it is drawn from 1, 2, 3.</param>
/// <param name="blended">Blend chain after chain into the bytes, which is faster and rounds more often.</param>
/// <param name="settings">What the operations share.</param>
internal sealed class AugMix(
    IReadOnlyList<PolicyStep> steps, double alpha, int width, int depth, bool blended, PolicySettings settings)
    : IImageAugmentation
{
    /// <summary>timm's operations for AugMix.</summary>
    public static readonly string[] Operations =
    [
        "AutoContrast", "ColorIncreasing", "ContrastIncreasing", "BrightnessIncreasing", "SharpnessIncreasing",
        "Equalize", "Rotate", "PosterizeIncreasing", "SolarizeIncreasing", "ShearX", "ShearY", "TranslateXRel",
        "TranslateYRel",
    ];

    /// <inheritdoc/>
    public RgbImage Apply(RgbImage image, Rng rng)
    {
        var draws = new RandomDraws(rng);
        double[] weights = draws.Dirichlet(alpha, width);
        double share = draws.Beta(alpha);
        return blended ? Blended(image, weights, share, draws) : Mixed(image, weights, share, draws);
    }

    private RgbImage Mixed(RgbImage image, double[] weights, double share, RandomDraws draws)
    {
        float[] sum = new float[image.Pixels.Length];
        foreach (double weight in weights)
        {
            byte[] chain = Chain(image, draws).Pixels;
            for (int i = 0; i < sum.Length; i++)
                sum[i] += (float)weight * chain[i];
        }

        byte[] mixed = new byte[sum.Length];
        for (int i = 0; i < sum.Length; i++)
            mixed[i] = (byte)Math.Clamp(sum[i], 0f, 255f);
        Blend.Bytes(image.Pixels, mixed, (float)share, mixed);
        return new RgbImage(image.Width, image.Height, mixed);
    }

    // Chain i is blended in with its share / (1 - the shares of the chains after it), so that all come out right.
    private RgbImage Blended(RgbImage image, double[] weights, double share, RandomDraws draws)
    {
        double left = 1;
        double[] blends = new double[weights.Length];
        for (int i = weights.Length - 1; i >= 0; i--)
        {
            blends[i] = weights[i] * share / left;
            left *= 1 - blends[i];
        }

        RgbImage result = Copy(image);
        foreach (double blend in blends)
            Blend.Bytes(result.Pixels, Chain(image, draws).Pixels, (float)blend, result.Pixels);
        return result;
    }

    private RgbImage Chain(RgbImage image, RandomDraws draws)
    {
        RgbImage result = Copy(image);
        int length = depth > 0 ? depth : 1 + draws.Below(3);
        for (int i = 0; i < length; i++)
            result = steps[draws.Below(steps.Count)].Apply(result, draws, settings);
        return result;
    }

    private static RgbImage Copy(RgbImage image) => new(image.Width, image.Height, [.. image.Pixels]);
}

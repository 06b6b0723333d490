using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Augment;

/// <summary>
/// RandAugment (Cubuk et al., 2019) as timm 0.4.12: a number of operations drawn for each picture, each then applied
/// with probability one half.
/// </summary>
internal sealed class RandAugment(
    IReadOnlyList<PolicyStep> steps, int layers, IReadOnlyList<double>? weights, PolicySettings settings)
    : IImageAugmentation
{
    /// <summary>The operations whose arguments timm first chose; some grow weaker with the level.</summary>
    public static readonly string[] Plain =
    [
        "AutoContrast", "Equalize", "Invert", "Rotate", "Posterize", "Solarize", "SolarizeAdd", "Color", "Contrast",
        "Brightness", "Sharpness", "ShearX", "ShearY", "TranslateXRel", "TranslateYRel",
    ];

    /// <summary>The same in their forms that grow stronger with the level.</summary>
    public static readonly string[] Increasing =
    [
        "AutoContrast", "Equalize", "Invert", "Rotate", "PosterizeIncreasing", "SolarizeIncreasing", "SolarizeAdd",
        "ColorIncreasing", "ContrastIncreasing", "BrightnessIncreasing", "SharpnessIncreasing", "ShearX", "ShearY",
        "TranslateXRel", "TranslateYRel",
    ];

    /// <summary>timm's weight set 0, in the order of the two lists; without it all are equally likely.</summary>
    public static readonly double[] Weights0 =
        [0.025, 0.005, 0, 0.3, 0, 0.005, 0.005, 0.025, 0.005, 0.005, 0.025, 0.2, 0.2, 0.1, 0.1];

    internal IReadOnlyList<PolicyStep> Steps => steps;

    internal int Layers => layers;

    internal IReadOnlyList<double>? Weights => weights;

    /// <inheritdoc/>
    public RgbImage Apply(RgbImage image, Rng rng)
    {
        var draws = new RandomDraws(rng);
        foreach (int choice in Choose(draws))
            image = steps[choice].Apply(image, draws, settings);
        return image;
    }

    /// <summary>Which operations; weighted ones are drawn without replacement, as timm calls numpy.</summary>
    internal int[] Choose(RandomDraws draws)
    {
        int[] chosen = new int[layers];
        double[]? left = weights?.ToArray();
        for (int i = 0; i < layers; i++)
        {
            if (left is null)
            {
                chosen[i] = draws.Below(steps.Count);
                continue;
            }

            double at = draws.Uniform() * left.Sum();
            int pick = -1;
            for (int k = 0; k < left.Length && at >= 0; k++)
            {
                if (left[k] == 0)
                    continue;
                pick = k;
                at -= left[k];
            }

            (chosen[i], left[pick]) = (pick, 0);
        }

        return chosen;
    }
}

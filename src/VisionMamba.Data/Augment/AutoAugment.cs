using System.Globalization;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Augment;

/// <summary>
/// AutoAugment's ImageNet policies (Cubuk et al., 2018) as timm 0.4.12: one of the pairs below, drawn for each picture.
/// </summary>
internal sealed class AutoAugment(IReadOnlyList<IReadOnlyList<PolicyStep>> policy, PolicySettings settings)
    : IImageAugmentation
{
    // "operation probability level, operation probability level"; P stands for the policy's form of Posterize.
    private static readonly string[] s_v0 =
    [
        "Equalize .8 1, ShearY .8 4", "Color .4 9, Equalize .6 3", "Color .4 1, Rotate .6 8",
        "Solarize .8 3, Equalize .4 7", "Solarize .4 2, Solarize .6 2", "Color .2 0, Equalize .8 8",
        "Equalize .4 8, SolarizeAdd .8 3", "ShearX .2 9, Rotate .6 8", "Color .6 1, Equalize 1 2",
        "Invert .4 9, Rotate .6 0", "Equalize 1 9, ShearY .6 3", "Color .4 7, Equalize .6 0",
        "P .4 6, AutoContrast .4 7", "Solarize .6 8, Color .6 9", "Solarize .2 4, Rotate .8 9",
        "Rotate 1 7, TranslateYRel .8 9", "ShearX 0 0, Solarize .8 4", "ShearY .8 0, Color .6 4",
        "Color 1 0, Rotate .6 2", "Equalize .8 4, Equalize 0 8", "Equalize 1 4, AutoContrast .6 2",
        "ShearY .4 7, SolarizeAdd .6 7", "P .8 2, Solarize .6 10", "Solarize .6 8, Equalize .6 1",
        "Color .8 6, Rotate .4 5",
    ];

    private static readonly string[] s_original =
    [
        "P .4 8, Rotate .6 9", "Solarize .6 5, AutoContrast .6 5", "Equalize .8 8, Equalize .6 3",
        "P .6 7, P .6 6", "Equalize .4 7, Solarize .2 4", "Equalize .4 4, Rotate .8 8",
        "Solarize .6 3, Equalize .6 7", "P .8 5, Equalize 1 2", "Rotate .2 3, Solarize .6 8",
        "Equalize .6 8, P .4 6", "Rotate .8 8, Color .4 0", "Rotate .4 9, Equalize .6 2",
        "Equalize 0 7, Equalize .8 8", "Invert .6 4, Equalize 1 8", "Color .6 4, Contrast 1 8",
        "Rotate .8 8, Color 1 2", "Color .8 8, Solarize .8 7", "Sharpness .4 7, Invert .6 8",
        "ShearX .6 5, Equalize 1 9", "Color .4 0, Equalize .6 3", "Equalize .4 7, Solarize .2 4",
        "Solarize .6 5, AutoContrast .6 5", "Invert .6 4, Equalize 1 8", "Color .6 4, Contrast 1 8",
        "Equalize .8 8, Equalize .6 3",
    ];

    internal IReadOnlyList<IReadOnlyList<PolicyStep>> Policy => policy;

    /// <inheritdoc/>
    public RgbImage Apply(RgbImage image, Rng rng)
    {
        var draws = new RandomDraws(rng);
        foreach (PolicyStep step in policy[draws.Below(policy.Count)])
            image = step.Apply(image, draws, settings);
        return image;
    }

    /// <summary>v0, v0r, original or originalr, else null. The r forms posterize more with the level.</summary>
    public static AutoAugment? Named(string name, double deviation, PolicySettings settings) => name switch
    {
        "v0" => Parse(s_v0, "Posterize", deviation, settings),
        "v0r" => Parse(s_v0, "PosterizeIncreasing", deviation, settings),
        "original" => Parse(s_original, "PosterizeOriginal", deviation, settings),
        "originalr" => Parse(s_original, "PosterizeIncreasing", deviation, settings),
        _ => null,
    };

    private static AutoAugment Parse(string[] pairs, string posterize, double deviation, PolicySettings settings)
    {
        PolicyStep Step(string text)
        {
            string[] parts = text.Split(' ');
            return new PolicyStep(
                AugmentOperation.Named(parts[0] == "P" ? posterize : parts[0]),
                double.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2]), deviation);
        }

        return new AutoAugment([.. pairs.Select(pair => pair.Split(", ").Select(Step).ToArray())], settings);
    }
}

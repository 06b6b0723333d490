using System.Collections.Frozen;
using VisionMamba.Data.Augment.Operations;
using VisionMamba.Data.Images;

namespace VisionMamba.Data.Augment;

/// <summary>What all operations of a policy share.</summary>
/// <param name="Fill">The colour of what a geometric operation uncovers.</param>
/// <param name="Interpolation">Of geometric operations; null draws bilinear or bicubic each time.</param>
/// <param name="TranslatePixels">Pixels of TranslateX and TranslateY at level 10.</param>
/// <param name="TranslateFraction">Share of the side of TranslateXRel and TranslateYRel at level 10.</param>
internal sealed record PolicySettings(
    FillColor Fill, Interpolation? Interpolation, double TranslatePixels, double TranslateFraction = 0.45);

/// <summary>An operation by timm 0.4.12's name: how a level of 0 .. 10 becomes its argument, what it does.</summary>
/// <param name="Name">As in policies.</param>
/// <param name="Signed">Whether a coin decides the sign.</param>
/// <param name="Argument">Of the level and the sign (1 or -1).</param>
/// <param name="Apply">Of picture (which may be changed), argument, interpolation and fill.</param>
internal sealed record AugmentOperation(
    string Name,
    bool Signed,
    Func<double, double, PolicySettings, double> Argument,
    Func<RgbImage, double, Interpolation, FillColor, RgbImage> Apply)
{
    /// <summary>The highest level.</summary>
    public const double MaxLevel = 10;

    private static readonly FrozenDictionary<string, AugmentOperation> s_all = Make().ToFrozenDictionary(o => o.Name);

    /// <summary>All names.</summary>
    public static IEnumerable<string> Names => s_all.Keys;

    /// <summary>The operation called <paramref name="name"/>.</summary>
    public static AugmentOperation Named(string name) => s_all[name];

    private static IEnumerable<AugmentOperation> Make() =>
        [.. ColourTables(), .. Enhancements(), .. Geometric()];

    private static IEnumerable<AugmentOperation> ColourTables()
    {
        yield return Plain("AutoContrast", Histograms.AutoContrast);
        yield return Plain("Equalize", Histograms.Equalize);
        yield return Plain("Invert", Tables.Invert);
        yield return Whole("Posterize", level => (int)(level / MaxLevel * 4), Tables.Posterize);
        yield return Whole("PosterizeIncreasing", level => 4 - (int)(level / MaxLevel * 4), Tables.Posterize);
        yield return Whole("PosterizeOriginal", level => (int)(level / MaxLevel * 4) + 4, Tables.Posterize);
        yield return Whole("Solarize", level => (int)(level / MaxLevel * 256), Tables.Solarize);
        yield return Whole("SolarizeIncreasing", level => 256 - (int)(level / MaxLevel * 256), Tables.Solarize);
        yield return Whole("SolarizeAdd", level => (int)(level / MaxLevel * 110), Tables.SolarizeAdd);
    }

    private static IEnumerable<AugmentOperation> Enhancements()
    {
        (string, Func<RgbImage, double, RgbImage>)[] all =
        [
            ("Color", Blend.Color), ("Contrast", Tables.Contrast), ("Brightness", Tables.Brightness),
            ("Sharpness", Blend.Sharpness),
        ];
        foreach ((string name, Func<RgbImage, double, RgbImage> enhance) in all)
        {
            yield return new(name, false, (level, _, _) => level / MaxLevel * 1.8 + 0.1, (i, a, _, _) => enhance(i, a));
            yield return new($"{name}Increasing", true, (level, sign, _) => 1.0 + sign * (level / MaxLevel * 0.9),
                (i, a, _, _) => enhance(i, a));
        }
    }

    private static IEnumerable<AugmentOperation> Geometric()
    {
        yield return new("Rotate", true, (level, sign, _) => sign * (level / MaxLevel * 30), Affine.Rotate);
        yield return Moved("ShearX", (level, _) => level / MaxLevel * 0.3, (_, a) => AffineMatrix.ShearX(a));
        yield return Moved("ShearY", (level, _) => level / MaxLevel * 0.3, (_, a) => AffineMatrix.ShearY(a));
        yield return Moved("TranslateX", (level, s) => level / MaxLevel * s.TranslatePixels,
            (_, a) => AffineMatrix.TranslateX(a));
        yield return Moved("TranslateY", (level, s) => level / MaxLevel * s.TranslatePixels,
            (_, a) => AffineMatrix.TranslateY(a));
        yield return Moved("TranslateXRel", (level, s) => level / MaxLevel * s.TranslateFraction,
            (image, a) => AffineMatrix.TranslateX(a * image.Width));
        yield return Moved("TranslateYRel", (level, s) => level / MaxLevel * s.TranslateFraction,
            (image, a) => AffineMatrix.TranslateY(a * image.Height));
    }

    private static AugmentOperation Plain(string name, Func<RgbImage, RgbImage> apply) =>
        new(name, false, (_, _, _) => 0, (image, _, _, _) => apply(image));

    private static AugmentOperation Whole(
        string name, Func<double, int> argument, Func<RgbImage, int, RgbImage> apply) =>
        new(name, false, (level, _, _) => argument(level), (image, a, _, _) => apply(image, (int)a));

    private static AugmentOperation Moved(
        string name, Func<double, PolicySettings, double> size, Func<RgbImage, double, AffineMatrix> matrix) =>
        new(name, true, (level, sign, settings) => sign * size(level, settings),
            (image, a, filter, fill) => Affine.Transform(image, matrix(image, a), filter, fill));
}

using VisionMamba.Data.Images;

namespace VisionMamba.Data.Augment;

/// <summary>An operation of a policy with its probability and level; timm 0.4.12's AugmentOp.</summary>
/// <param name="Operation">What is done.</param>
/// <param name="Probability">How often.</param>
/// <param name="Level">Its strength, cut to 0 .. 10 after the noise.</param>
/// <param name="LevelDeviation">
/// Deviation of normal noise on the level; 0 for none, infinity for a level drawn evenly from [0, level).
/// </param>
internal sealed record PolicyStep(AugmentOperation Operation, double Probability, double Level, double LevelDeviation)
{
    /// <summary>The changed picture; <paramref name="image"/> may be changed and returned.</summary>
    public RgbImage Apply(RgbImage image, RandomDraws draws, PolicySettings settings)
    {
        if (Probability < 1 && !draws.Chance(Probability))
            return image;
        double level = double.IsPositiveInfinity(LevelDeviation) ? draws.Between(0, Level)
            : LevelDeviation > 0 ? Level + LevelDeviation * draws.Normal()
            : Level;
        level = Math.Clamp(level, 0, AugmentOperation.MaxLevel);
        double sign = Operation.Signed && draws.Chance(0.5) ? -1 : 1;
        double argument = Operation.Argument(level, sign, settings);
        Interpolation interpolation = settings.Interpolation
            ?? (draws.Chance(0.5) ? Interpolation.Bilinear : Interpolation.Bicubic);
        return Operation.Apply(image, argument, interpolation, settings.Fill);
    }
}

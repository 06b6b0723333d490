using System.Text.Json.Serialization;

namespace VisionMamba.Data.Augment;

/// <summary>The filter of the training crop and of geometric operations.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TrainInterpolation>))]
public enum TrainInterpolation
{
    /// <summary>That of the model's preprocessing.</summary>
    Same,

    /// <summary>Bicubic.</summary>
    Bicubic,

    /// <summary>Bilinear.</summary>
    Bilinear,

    /// <summary>Bilinear or bicubic, drawn each time.</summary>
    Random,
}

/// <summary>
/// What happens to training pictures beyond the crop's range, in timm 0.4.12's terms. The defaults are a random resized
/// crop and a flip alone. Becomes JSON and back without loss.
/// </summary>
public sealed record AugmentOptions
{
    /// <summary>A policy string (<see cref="AugmentPolicy"/>), or "none".</summary>
    public string AutoAugment { get; init; } = "none";

    /// <summary>
    /// Range of brightness, contrast and saturation factors about 1; not used beside a policy, as in timm.
    /// </summary>
    public double ColorJitter { get; init; }

    /// <summary>Range of the hue about 0 in turns, at most 0.5; not used beside a policy.</summary>
    public double HueJitter { get; init; }

    /// <summary>The crop's filter.</summary>
    public TrainInterpolation Interpolation { get; init; }

    /// <summary>Probability of a mirror image.</summary>
    public double HorizontalFlip { get; init; } = 0.5;

    /// <summary>Probability of an upside-down image.</summary>
    public double VerticalFlip { get; init; }

    /// <summary>
    /// Resize of the shorter side and a random crop after reflecting 4 pixels at the borders, instead of the random
    /// resized crop (DeiT III's simple random crop).
    /// </summary>
    public bool SimpleCrop { get; init; }

    /// <summary>
    /// For inputs of at most 32 pixels: a random crop without resize after 4 black pixels at the borders, as DeiT.
    /// </summary>
    public bool SmallCrop { get; init; }

    /// <summary>Greyscale, solarisation or blur, one of them for each picture (DeiT III); excludes a policy.</summary>
    public bool ThreeAugment { get; init; }

    /// <summary>Probability of random erasing.</summary>
    public double EraseProbability { get; init; }

    /// <summary>What an erased rectangle is filled with.</summary>
    public EraseMode EraseMode { get; init; }

    /// <summary>Rectangles in an erased picture; they share the area.</summary>
    public int EraseCount { get; init; } = 1;

    /// <summary>Alpha of mixup's beta distribution, 0 for no mixup.</summary>
    public double Mixup { get; init; }

    /// <summary>Alpha of cutmix's beta distribution, 0 for no cutmix.</summary>
    public double Cutmix { get; init; }

    /// <summary>Least and most side of cutmix' rectangle as share of the picture's; null draws it from alpha.</summary>
    public CutmixRange? CutmixRange { get; init; }

    /// <summary>Probability that a batch, pair or element is mixed.</summary>
    public double MixProbability { get; init; } = 1;

    /// <summary>Probability of cutmix where mixup and cutmix are both on.</summary>
    public double MixSwitchProbability { get; init; } = 0.5;

    /// <summary>What is drawn once: a batch, a pair, an element.</summary>
    public MixMode MixMode { get; init; }

    /// <summary>Whether batches are mixed.</summary>
    [JsonIgnore]
    public bool Mixes => Mixup > 0 || Cutmix > 0 || CutmixRange is not null;

    /// <summary>Whether <see cref="AutoAugment"/> names a policy.</summary>
    [JsonIgnore]
    public bool HasPolicy => AutoAugment is not ("none" or "");

    /// <summary>Whether a picture may come differently the next time, the crop and mixing apart.</summary>
    [JsonIgnore]
    public bool Varies => HasPolicy || ColorJitter > 0 || HueJitter > 0 || Interpolation == TrainInterpolation.Random
        || HorizontalFlip > 0 || VerticalFlip > 0 || SimpleCrop || SmallCrop || ThreeAugment || EraseProbability > 0;

    /// <summary>Throws one line that names the flag of a number out of range.</summary>
    public void Validate()
    {
        Share(HorizontalFlip, "--hflip");
        Share(VerticalFlip, "--vflip");
        Share(EraseProbability, "--reprob");
        Share(MixProbability, "--mixup-prob");
        Share(MixSwitchProbability, "--mixup-switch-prob");
        Require(ColorJitter >= 0 && double.IsFinite(ColorJitter), "--color-jitter", "at least 0");
        Require(HueJitter is >= 0 and <= 0.5, "--hue-jitter", "from 0 to 0.5");
        Require(EraseCount >= 1, "--recount", "at least 1");
        Require(Mixup >= 0 && double.IsFinite(Mixup), "--mixup", "at least 0 (0 means no mixup)");
        Require(Cutmix >= 0 && double.IsFinite(Cutmix), "--cutmix", "at least 0 (0 means no cutmix)");
        Require(
            CutmixRange is null || (CutmixRange.Minimum >= 0 && CutmixRange.Maximum <= 1
                && CutmixRange.Minimum < CutmixRange.Maximum),
            "--cutmix-minmax", "two shares of the side, the first below the second");
        Require(!(SimpleCrop && SmallCrop), "--small-crop", "left out beside --src, which crops in its own way");
        Require(!(ThreeAugment && HasPolicy), "--three-augment", "used without a policy: it takes the place of --aa");
        if (HasPolicy)
            AugmentPolicy.Parse(AutoAugment, Preprocessing.ImageNet(), null);
    }

    private static void Share(double value, string flag) => Require(value is >= 0 and <= 1, flag, "from 0 to 1");

    private static void Require(bool holds, string flag, string rule)
    {
        if (!holds)
            throw new VisionMambaException($"{flag}: must be {rule}");
    }
}

/// <summary>Least and most side of a cutmix rectangle, as shares of the picture's side.</summary>
public sealed record CutmixRange(double Minimum, double Maximum);

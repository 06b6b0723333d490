using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Augment;

/// <summary>The ranges of a random crop. The defaults are timm's and torchvision's.</summary>
/// <param name="MinScale">The least part of the picture's area that a crop takes.</param>
/// <param name="MaxScale">The most.</param>
/// <param name="MinRatio">The least width / height of a crop.</param>
/// <param name="MaxRatio">The most.</param>
/// <param name="FlipProbability">How often the picture is mirrored.</param>
public sealed record CropRange(
    double MinScale = 0.08,
    double MaxScale = 1,
    double MinRatio = 3.0 / 4,
    double MaxRatio = 4.0 / 3,
    double FlipProbability = 0.5)
{
    internal void Check()
    {
        if (!(MinScale > 0 && MinScale <= MaxScale && MaxScale <= 1 && MinRatio > 0 && MinRatio <= MaxRatio
            && FlipProbability is >= 0 and <= 1))
            throw new VisionMambaException($"random crop: the ranges {this} are out of order");
    }
}

/// <summary>
/// Random resized crop (or another crop) and flips, then any further augmentations, then normalisation, then erasing.
/// Every choice is a function of the given generator, so a sample's input does not depend on threads or on other
/// samples.
/// </summary>
public sealed class TrainTransform : ITransform
{
    private const int Tries = 10;

    /// <summary>The greatest input that DeiT crops without a resize.</summary>
    private const int SmallSize = 32;

    // Streams of the generator: 0 the crop, 1 the flip, 2 and up the augmentations in order.
    private const ulong FilterStream = 1 << 16, UpsideDownStream = FilterStream + 1, EraseStream = FilterStream + 2;
    private readonly Preprocessing _preprocessing;
    private readonly CropRange _range;
    private readonly IReadOnlyList<IImageAugmentation> _augmentations;
    private readonly AugmentOptions _options;
    private readonly RandomErasing? _erasing;
    private readonly Normalizer _normalizer;

    /// <summary>
    /// With the given ranges (the defaults when null) and augmentations, applied in order after the flip.
    /// </summary>
    public TrainTransform(
        Preprocessing preprocessing, CropRange? range = null, IReadOnlyList<IImageAugmentation>? augmentations = null)
    {
        _preprocessing = preprocessing;
        _range = range ?? new CropRange();
        _range.Check();
        _augmentations = augmentations ?? [];
        _options = new AugmentOptions();
        _normalizer = new Normalizer(preprocessing);
    }

    /// <summary>
    /// With all that <paramref name="options"/> ask for before batches are made; mixing is <see cref="BatchMixer"/>'s.
    /// The default options give the same bits as no options.
    /// </summary>
    /// <param name="preprocessing">Size, mean and deviation.</param>
    /// <param name="options">Checked here.</param>
    /// <param name="cropScale">The least part of the picture's area that a random resized crop takes.</param>
    public TrainTransform(Preprocessing preprocessing, AugmentOptions options, double cropScale)
        : this(preprocessing, Range(options, cropScale, preprocessing.Size), Steps(preprocessing, options))
    {
        _options = options;
        if (options.EraseProbability > 0)
            _erasing = new RandomErasing(options.EraseProbability, options.EraseMode, options.EraseCount);
    }

    /// <inheritdoc/>
    public int Size => _preprocessing.Size;

    /// <inheritdoc/>
    public void Apply(RgbImage image, Rng rng, Span<float> destination)
    {
        _normalizer.Apply(Augmented(image, rng), destination);
        _erasing?.Apply(destination, Size, Size, rng.Derive(EraseStream));
    }

    /// <summary>The picture as the network sees it, before normalisation and erasing: Size x Size pixels.</summary>
    public RgbImage Augmented(RgbImage image, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(image);
        RgbImage result = Cropped(image, rng);
        if (rng.Derive(1).Uniform(0) < _range.FlipProbability)
            result = result.Mirrored();
        if (rng.Derive(UpsideDownStream).Uniform(0) < _options.VerticalFlip)
            result = result.UpsideDown();
        for (int i = 0; i < _augmentations.Count; i++)
            result = _augmentations[i].Apply(result, rng.Derive(2 + (ulong)i));
        return result;
    }

    /// <summary>
    /// The crop's place: up to 10 draws of area and (log-uniform) ratio, then the largest central crop whose ratio is
    /// in range. Draws come from stream 0 of <paramref name="rng"/>.
    /// </summary>
    public static PixelBox Choose(int width, int height, CropRange range, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(range);
        Rng draw = rng.Derive(0);
        double area = (double)width * height, low = Math.Log(range.MinRatio), high = Math.Log(range.MaxRatio);
        for (ulong attempt = 0; attempt < Tries; attempt++)
        {
            double target = area * (range.MinScale + (range.MaxScale - range.MinScale) * draw.Uniform(4 * attempt));
            double ratio = Math.Exp(low + (high - low) * draw.Uniform(4 * attempt + 1));
            int w = (int)Math.Round(Math.Sqrt(target * ratio)), h = (int)Math.Round(Math.Sqrt(target / ratio));
            if (w < 1 || h < 1 || w > width || h > height)
                continue;
            int top = draw.Below(4 * attempt + 2, height - h + 1), left = draw.Below(4 * attempt + 3, width - w + 1);
            return new PixelBox(left, top, w, h);
        }

        return Central(width, height, range);
    }

    /// <summary>Crops and resizes to a square: equal bits to Pillow's crop followed by resize.</summary>
    public static RgbImage ResizedCrop(RgbImage image, PixelBox crop, int size, Interpolation interpolation)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (crop.Left < 0 || crop.Top < 0 || crop.Width < 1 || crop.Height < 1
            || crop.Left > image.Width - crop.Width || crop.Top > image.Height - crop.Height)
            throw new ArgumentException($"{crop} leaves {image.Width} x {image.Height} pixels", nameof(crop));
        return Resampler.Resize(image, crop, size, size, new PixelBox(0, 0, size, size), interpolation);
    }

    private RgbImage Cropped(RgbImage image, Rng rng)
    {
        if (_options.SmallCrop)
            return PaddedCrop.Small(image, Size, rng.Derive(0));
        Interpolation filter = Filter(_preprocessing, _options)
            ?? (rng.Derive(FilterStream).Uniform(0) < 0.5 ? Interpolation.Bilinear : Interpolation.Bicubic);
        return _options.SimpleCrop
            ? PaddedCrop.Simple(image, Size, filter, rng.Derive(0))
            : ResizedCrop(image, Choose(image.Width, image.Height, _range, rng), Size, filter);
    }

    // Null draws one each time.
    private static Interpolation? Filter(Preprocessing preprocessing, AugmentOptions options) =>
        options.Interpolation switch
        {
            TrainInterpolation.Bicubic => Interpolation.Bicubic,
            TrainInterpolation.Bilinear => Interpolation.Bilinear,
            TrainInterpolation.Random => null,
            _ => preprocessing.Interpolation,
        };

    private static CropRange Range(AugmentOptions options, double cropScale, int size)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (options.SmallCrop && size > SmallSize)
            throw new VisionMambaException(
                $"--small-crop: is for inputs of at most {SmallSize} pixels, this one has {size}; leave it out");
        return new CropRange(MinScale: cropScale, FlipProbability: options.HorizontalFlip);
    }

    // As timm: the jitter only where there is no policy. DeiT III has it after its three.
    private static List<IImageAugmentation> Steps(Preprocessing preprocessing, AugmentOptions options)
    {
        var steps = new List<IImageAugmentation>();
        if (options.HasPolicy)
            steps.Add(AugmentPolicy.Parse(options.AutoAugment, preprocessing, Filter(preprocessing, options)));
        if (options.ThreeAugment)
            steps.Add(new ThreeAugment());
        if (!options.HasPolicy && (options.ColorJitter > 0 || options.HueJitter > 0))
            steps.Add(new ColorJitter(
                options.ColorJitter, options.ColorJitter, options.ColorJitter, options.HueJitter));
        return steps;
    }

    private static PixelBox Central(int width, int height, CropRange range)
    {
        double ratio = (double)width / height;
        int w = width, h = height;
        if (ratio < range.MinRatio)
            h = Math.Clamp((int)Math.Round(w / range.MinRatio), 1, height);
        else if (ratio > range.MaxRatio)
            w = Math.Clamp((int)Math.Round(h * range.MaxRatio), 1, width);
        return new PixelBox((width - w) / 2, (height - h) / 2, w, h);
    }
}

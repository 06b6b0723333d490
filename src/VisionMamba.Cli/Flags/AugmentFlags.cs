using System.CommandLine;
using VisionMamba.Data.Augment;

namespace VisionMamba.Cli.Flags;

/// <summary>Augmentation and mixing as flags, in timm's words; the defaults are a crop and a flip alone.</summary>
internal sealed class AugmentFlags
{
    private readonly Option<string> _policy, _filter, _eraseMode, _mixMode;
    private readonly Option<double> _jitter, _hue, _flip, _upsideDown, _erase, _mixup, _cutmix, _mix, _switch;
    private readonly Option<int> _eraseCount;
    private readonly Option<bool> _simple, _small, _three;
    private readonly Option<double[]?> _range = new("--cutmix-minmax")
    {
        Description = "least and most side of the cutmix rectangle, as shares of the image's side, e.g. 0.2 0.8",
        HelpName = "MIN MAX",
        Arity = new ArgumentArity(2, 2),
        AllowMultipleArgumentsPerToken = true,
    };

    public AugmentFlags(AugmentOptions? defaults = null)
    {
        AugmentOptions d = defaults ?? new AugmentOptions();
        _policy = Flag.Of("--aa",
            "policy: rand-m9-mstd0.5-inc1 and its like, v0, v0r, original, originalr, augmix-m3-w3, none",
            d.AutoAugment);
        _jitter = Flag.Of("--color-jitter", "range of brightness, contrast and saturation; not used beside --aa",
            d.ColorJitter);
        _hue = Flag.Of("--hue-jitter", "range of the hue, up to 0.5; not used beside --aa", d.HueJitter);
        _filter = Choice("--train-interpolation", "filter of the training crop", d.Interpolation);
        _flip = Flag.Of("--hflip", "probability of a mirror image", d.HorizontalFlip);
        _upsideDown = Flag.Of("--vflip", "probability of an upside-down image", d.VerticalFlip);
        _simple = Flag.Of("--src", "simple random crop: resize, reflect 4 pixels, crop", d.SimpleCrop);
        _small = Flag.Of("--small-crop", "inputs to 32 pixels: no resize, add 4 black pixels, crop", d.SmallCrop);
        _three = Flag.Of("--three-augment", "greyscale, solarisation or blur (DeiT III); takes the place of --aa",
            d.ThreeAugment);
        _erase = Flag.Of("--reprob", "probability of random erasing", d.EraseProbability);
        _eraseMode = Choice("--remode", "what is erased becomes", d.EraseMode);
        _eraseCount = Flag.Of("--recount", "rectangles that share the erased area", d.EraseCount);
        _mixup = Flag.Of("--mixup", "alpha of mixup, 0 for none", d.Mixup);
        _cutmix = Flag.Of("--cutmix", "alpha of cutmix, 0 for none", d.Cutmix);
        _mix = Flag.Of("--mixup-prob", "probability that a batch, pair or element is mixed", d.MixProbability);
        _switch = Flag.Of("--mixup-switch-prob", "probability of cutmix where both are on", d.MixSwitchProbability);
        _mixMode = Choice("--mixup-mode", "mix with one draw for each", d.MixMode);
    }

    public IEnumerable<Option> All =>
    [
        _policy, _jitter, _hue, _filter, _flip, _upsideDown, _simple, _small, _three, _erase, _eraseMode, _eraseCount,
        _mixup, _cutmix, _range, _mix, _switch, _mixMode,
    ];

    /// <exception cref="UsageException">
    /// A value is out of its range, or a flag was given that has no effect beside the others.
    /// </exception>
    public AugmentOptions Read(ParseResult p)
    {
        RefuseIdle(p);
        var options = new AugmentOptions
        {
            AutoAugment = p.GetValue(_policy)!,
            ColorJitter = p.GetValue(_jitter),
            HueJitter = p.GetValue(_hue),
            Interpolation = Chosen<TrainInterpolation>(p, _filter),
            HorizontalFlip = p.GetValue(_flip),
            VerticalFlip = p.GetValue(_upsideDown),
            SimpleCrop = p.GetValue(_simple),
            SmallCrop = p.GetValue(_small),
            ThreeAugment = p.GetValue(_three),
            EraseProbability = p.GetValue(_erase),
            EraseMode = Chosen<EraseMode>(p, _eraseMode),
            EraseCount = p.GetValue(_eraseCount),
            Mixup = p.GetValue(_mixup),
            Cutmix = p.GetValue(_cutmix),
            CutmixRange = p.GetValue(_range) is [double least, double most] ? new CutmixRange(least, most) : null,
            MixProbability = p.GetValue(_mix),
            MixSwitchProbability = p.GetValue(_switch),
            MixMode = Chosen<MixMode>(p, _mixMode),
        };
        try
        {
            options.Validate();
        }
        catch (VisionMambaException e)
        {
            throw new UsageException(e.Message);
        }

        return options;
    }

    private void RefuseIdle(ParseResult p)
    {
        bool mixup = p.GetValue(_mixup) > 0, cutmix = p.GetValue(_cutmix) > 0 || p.GetValue(_range) is { Length: 2 };
        bool erases = p.GetValue(_erase) > 0, mixes = mixup || cutmix;
        bool policy = new AugmentOptions { AutoAugment = p.GetValue(_policy)! }.HasPolicy;
        p.RefuseIdle(
            (_jitter, policy, $"needs {_policy.Name} none"), (_hue, policy, $"needs {_policy.Name} none"),
            (_eraseMode, !erases, $"needs {_erase.Name}"), (_eraseCount, !erases, $"needs {_erase.Name}"),
            (_mix, !mixes, $"needs {_mixup.Name} or {_cutmix.Name}"),
            (_mixMode, !mixes, $"needs {_mixup.Name} or {_cutmix.Name}"),
            (_switch, !mixup || !cutmix, $"needs both {_mixup.Name} and {_cutmix.Name}"));
    }

    private static Option<string> Choice<T>(string name, string description, T value)
        where T : struct, Enum
    {
        Option<string> option = Flag.Of(name, description, value.ToString().ToLowerInvariant());
        option.HelpName = string.Join('|', Names<T>());
        return option;
    }

    private static T Chosen<T>(ParseResult parsed, Option<string> option)
        where T : struct, Enum
    {
        string given = parsed.GetValue(option)!;
        return Names<T>().Contains(given)
            ? Enum.Parse<T>(given, ignoreCase: true)
            : throw new UsageException($"{option.Name} {given}: unknown; known are {string.Join(", ", Names<T>())}");
    }

    private static string[] Names<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];
}

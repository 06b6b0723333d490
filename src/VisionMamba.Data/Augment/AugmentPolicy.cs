using System.Globalization;
using VisionMamba.Data.Augment.Operations;
using VisionMamba.Data.Images;

namespace VisionMamba.Data.Augment;

/// <summary>
/// Reads timm 0.4.12's policy strings: rand[-mN][-nN][-wN][-mstdX][-inc1], v0, v0r, original, originalr [-mstdX],
/// augmix[-mN][-wN][-dN][-aX][-b1].
/// </summary>
public static class AugmentPolicy
{
    private const string Known =
        "rand-m9-mstd0.5-inc1 and its like, v0, v0r, original, originalr, augmix-m3-w3 or none";

    /// <summary>
    /// The augmentation named by <paramref name="text"/> for inputs of <paramref name="preprocessing"/>, whose mean is
    /// the fill colour. A null <paramref name="interpolation"/> draws one for each operation.
    /// </summary>
    /// <exception cref="VisionMambaException">The string is not one; one line says why.</exception>
    public static IImageAugmentation Parse(string text, Preprocessing preprocessing, Interpolation? interpolation)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(preprocessing);
        string[] sections = text.Split('-');
        var settings = new PolicySettings(Fill(preprocessing.Mean), interpolation, (int)(preprocessing.Size * 0.45));
        return sections[0] switch
        {
            "rand" => Rand(new Sections(text, sections, "m", "n", "w", "mstd", "inc"), settings),
            "augmix" => Mix(new Sections(text, sections, "m", "w", "d", "a", "b"),
                settings with { TranslateFraction = 0.3 }),
            string name => AutoAugment.Named(name, 0, settings) is null
                ? throw new VisionMambaException($"--aa {text}: unknown policy '{name}'; known are {Known}")
                : AutoAugment.Named(name, new Sections(text, sections, "mstd").Number("mstd", 0), settings)!,
        };
    }

    /// <summary>The mean as a colour: round(255 mean), ties to even, at most 255.</summary>
    internal static FillColor Fill(float[] mean)
    {
        byte Of(int c) => (byte)Math.Clamp(Math.Round(255 * (double)mean[c]), 0, 255);
        return new FillColor(Of(0), Of(1), Of(2));
    }

    private static RandAugment Rand(Sections sections, PolicySettings settings)
    {
        int layers = sections.Whole("n", 2);
        double deviation = sections.Number("mstd", 0), level = sections.Whole("m", 10);
        double[]? weights = sections.Has("w") ? RandAugment.Weights0 : null;
        if (sections.Whole("w", 0) != 0)
            throw sections.Fault("w", "there is one set of weights, w0");
        if (weights is not null && layers > weights.Count(w => w > 0))
            throw sections.Fault("n", $"with w0 at most {weights.Count(w => w > 0)} operations can be drawn");
        string[] names = sections.Switch("inc") ? RandAugment.Increasing : RandAugment.Plain;
        return new RandAugment(Steps(names, 0.5, level, deviation), layers, weights, settings);
    }

    private static AugMix Mix(Sections sections, PolicySettings settings)
    {
        PolicyStep[] steps = Steps(AugMix.Operations, 1, sections.Whole("m", 3), double.PositiveInfinity);
        double alpha = sections.Number("a", 1);
        int width = sections.Whole("w", 3);
        if (alpha <= 0)
            throw sections.Fault("a", "must be above 0");
        if (width < 1)
            throw sections.Fault("w", "must be at least 1");
        return new AugMix(steps, alpha, width, sections.Whole("d", -1), sections.Switch("b"), settings);
    }

    private static PolicyStep[] Steps(string[] names, double probability, double level, double deviation) =>
        [.. names.Select(name => new PolicyStep(AugmentOperation.Named(name), probability, level, deviation))];

    /// <summary>The parts after the policy's name: letters, then a number.</summary>
    private sealed class Sections
    {
        private readonly string _text;
        private readonly Dictionary<string, string> _values = [];

        public Sections(string text, string[] sections, params string[] known)
        {
            _text = text;
            foreach (string section in sections.Skip(1))
            {
                string key = section.TrimEnd("0123456789.".ToCharArray());
                if (!known.Contains(key) || key.Length == section.Length)
                    throw new VisionMambaException(
                        $"--aa {text}: '{section}' is not a setting of {sections[0]}; known are "
                        + string.Join(", ", known.Select(k => k + "N")));
                if (!_values.TryAdd(key, section[key.Length..]))
                    throw Fault(key, "is given twice");
            }
        }

        public bool Has(string key) => _values.ContainsKey(key);

        public int Whole(string key, int fallback) => !_values.TryGetValue(key, out string? value) ? fallback
            : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
            : throw Fault(key, "must be a whole number");

        public double Number(string key, double fallback) => !_values.TryGetValue(key, out string? value) ? fallback
            : double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
                ? number
                : throw Fault(key, "must be a number");

        // timm 0.4.12 takes any text after the letters as true, "0" too: refused rather than read in either way.
        public bool Switch(string key) => Whole(key, 1) == 0
            ? throw Fault(key, "0 means the same as 1 in timm 0.4.12; leave it out")
            : Has(key);

        public VisionMambaException Fault(string key, string rule) =>
            new($"--aa {_text}: {key}{_values.GetValueOrDefault(key)}: {rule}");
    }
}

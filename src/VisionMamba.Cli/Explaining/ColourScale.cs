using SkiaSharp;

namespace VisionMamba.Cli.Explaining;

/// <summary>Numbers as colours: from dark to bright, or from blue over white to red around zero.</summary>
internal sealed class ColourScale
{
    // Five stops of viridis, which stays readable in grey and to the colour-blind.
    private static readonly SKColor[] s_sequential =
        [new(68, 1, 84), new(59, 82, 139), new(33, 145, 140), new(94, 201, 98), new(253, 231, 37)];

    private static readonly SKColor[] s_diverging =
        [new(33, 102, 172), new(146, 197, 222), new(247, 247, 247), new(244, 165, 130), new(178, 24, 43)];

    private readonly SKColor[] _stops;

    private ColourScale(SKColor[] stops, float least, float most) => (_stops, Least, Most) = (stops, least, most);

    public float Least { get; }

    public float Most { get; }

    /// <summary>From the least to the largest of <paramref name="values"/>.</summary>
    public static ColourScale Sequential(IEnumerable<float> values)
    {
        float[] all = [.. values];
        return new ColourScale(s_sequential, all.Min(), all.Max());
    }

    /// <summary>Zero in the middle, the same length to both sides.</summary>
    public static ColourScale Diverging(IEnumerable<float> values)
    {
        float most = values.Max(Math.Abs);
        return new ColourScale(s_diverging, -most, most);
    }

    public SKColor this[float value]
    {
        get
        {
            float range = Most - Least, at = range > 0 ? Math.Clamp((value - Least) / range, 0, 1) : 0.5f;
            float place = at * (_stops.Length - 1);
            int stop = Math.Min((int)place, _stops.Length - 2);
            (SKColor a, SKColor b, float t) = (_stops[stop], _stops[stop + 1], place - stop);
            return new SKColor(Mix(a.Red, b.Red, t), Mix(a.Green, b.Green, t), Mix(a.Blue, b.Blue, t));
        }
    }

    private static byte Mix(byte a, byte b, float t) => (byte)MathF.Round(a + ((b - a) * t));
}

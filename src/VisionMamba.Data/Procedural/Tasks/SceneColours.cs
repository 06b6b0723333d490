using SkiaSharp;

namespace VisionMamba.Data.Procedural.Tasks;

/// <summary>
/// The ground of one picture, and colours for its figures that differ from it in brightness by a fifth of the range or
/// more. Dark and light grounds are equally likely, and so are lighter and darker figures where there is room for both.
/// </summary>
/// <param name="Near">The ground at one end of its gradient.</param>
/// <param name="Far">The ground at the other end.</param>
/// <param name="Brightness">Of the ground, 0 to 1.</param>
internal readonly record struct SceneColours(SKColor Near, SKColor Far, float Brightness)
{
    private const float Least = 0.24f, Faint = 0.16f;

    public static SceneColours Draw(ref Draws draws)
    {
        float brightness = draws.Between(0.22f, 0.78f), fade = draws.Between(-0.06f, 0.06f);
        float hue = draws.Between(0, 1), drift = draws.Between(-0.1f, 0.1f), saturation = draws.Between(0.1f, 0.7f);
        return new SceneColours(
            Palette.Colour(hue, saturation, brightness + fade),
            Palette.Colour(hue + drift, saturation, brightness - fade), brightness);
    }

    /// <summary>A figure's colours; a faint one differs less from the ground.</summary>
    public Palette Figure(ref Draws draws, bool faint)
    {
        float least = faint ? Faint : Least, most = faint ? Least : 0.5f;
        bool roomAbove = Brightness + least <= 0.92f, roomBelow = Brightness - least >= 0.06f;
        bool lighter = roomAbove && (!roomBelow || draws.Chance(0.5f));
        float contrast = draws.Between(least, most);
        float brightness = Math.Clamp(Brightness + (lighter ? contrast : -contrast), 0.04f, 0.96f);
        float hue = draws.Between(0, 1), saturation = draws.Between(0.2f, 1);
        float rim = brightness + (lighter ? 0.2f : -0.2f) * draws.Between(0.3f, 1);
        return new Palette(
            Near, Far, Palette.Colour(hue, saturation, brightness), Palette.Colour(hue, saturation * 0.6f, rim));
    }
}

using SkiaSharp;

namespace VisionMamba.Data.Procedural;

/// <summary>The colours of one picture: a background that changes from one corner to the other, and a figure.</summary>
/// <param name="Near">The background at one end of its gradient.</param>
/// <param name="Far">The background at the other end.</param>
/// <param name="Figure">The figure's colour; its brightness differs from both ends by 0.3 of the range or more.</param>
/// <param name="Rim">The colour of a contour around a filled figure, further away from the background.</param>
internal readonly record struct Palette(SKColor Near, SKColor Far, SKColor Figure, SKColor Rim)
{
    // Light on dark and dark on light are equally likely, so that the area of a shape does not show in the mean colour.
    public static Palette Draw(ref Draws draws)
    {
        float dark = draws.Between(0.12f, 0.42f), light = dark + draws.Between(0.4f, 0.52f);
        bool lightFigure = draws.Chance(0.5f);
        float ground = lightFigure ? dark : light, figure = lightFigure ? light : dark;
        float fade = draws.Between(0, 0.1f) * draws.Sign();
        float hue = draws.Between(0, 1), drift = draws.Between(-0.12f, 0.12f);
        float saturation = draws.Between(0.1f, 0.8f);
        float figureHue = draws.Between(0, 1), figureSaturation = draws.Between(0.25f, 1);
        float rim = figure + (lightFigure ? 0.35f : -0.35f) * draws.Between(0.3f, 1);
        return new Palette(
            Colour(hue, saturation, ground + fade),
            Colour(hue + drift, saturation, ground - fade),
            Colour(figureHue, figureSaturation, figure),
            Colour(figureHue, figureSaturation * 0.6f, rim));
    }

    /// <summary>A colour of any brightness.</summary>
    public static SKColor DrawColour(ref Draws draws) =>
        Colour(draws.Between(0, 1), draws.Between(0.1f, 0.9f), draws.Between(0.15f, 0.9f));

    /// <summary>The colour of this hue with brightness (Rec. 601 luma, 0 to 1) exactly as asked for.</summary>
    internal static SKColor Colour(float hue, float saturation, float brightness)
    {
        brightness = Math.Clamp(brightness, 0.02f, 0.98f);
        hue -= MathF.Floor(hue);
        SKColorF pure = SKColor.FromHsv(hue * 360, saturation * 100, 100);
        float luma = 0.299f * pure.Red + 0.587f * pure.Green + 0.114f * pure.Blue;
        float scale = Math.Min(1, brightness / luma), white = Math.Max(0, (brightness - luma) / (1 - luma + 1e-6f));
        return (SKColor)new SKColorF(Mix(pure.Red), Mix(pure.Green), Mix(pure.Blue));

        float Mix(float value) => value * scale + (1 - value) * white;
    }
}

using System.Globalization;
using System.Text;

namespace VisionMamba.Data.Datasets;

/// <summary>SVG path data of the figures that drawings share.</summary>
internal static class ProceduralPaths
{
    public static string Text(FormattableString path) => path.ToString(CultureInfo.InvariantCulture);

    public static string Ellipse(float x, float y, float rx, float ry) =>
        Text($"M{x - rx} {y}A{rx} {ry} 0 1 0 {x + rx} {y}A{rx} {ry} 0 1 0 {x - rx} {y}Z");

    public static string Circle(float x, float y, float radius) => Ellipse(x, y, radius, radius);

    public static string Box(float x, float y, float width, float height) =>
        Text($"M{x} {y}h{width}v{height}h{-width}Z");

    /// <summary>A closed polygon whose corner k of n lies at radius(k), starting upwards.</summary>
    public static string Around(int n, Func<int, float> radius)
    {
        var path = new StringBuilder();
        for (int k = 0; k < n; k++)
            path.Append(k == 0 ? 'M' : 'L').Append(Polar(radius(k), (float)k / n));
        return path.Append('Z').ToString();
    }

    /// <summary>"x y" at a part of a turn, clockwise from the top.</summary>
    public static string Polar(float radius, float turn)
    {
        (double sin, double cos) = Math.SinCos(turn * 2 * Math.PI);
        return Text($"{radius * sin:0.##} {-radius * cos:0.##}");
    }

    /// <summary>item(k) for k = from .. to, one after another.</summary>
    public static string Repeat(int from, int to, Func<int, string> item) =>
        string.Concat(Enumerable.Range(from, to - from + 1).Select(item));
}

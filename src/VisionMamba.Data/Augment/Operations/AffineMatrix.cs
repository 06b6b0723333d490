using System.Globalization;

namespace VisionMamba.Data.Augment.Operations;

/// <summary>Where a result's pixel (x, y) comes from: (Xx x + Xy y + X, Yx x + Yy y + Y), at pixel centres.</summary>
internal readonly record struct AffineMatrix(double Xx, double Xy, double X, double Yx, double Yy, double Y)
{
    public static AffineMatrix ShearX(double factor) => new(1, factor, 0, 0, 1, 0);

    public static AffineMatrix ShearY(double factor) => new(1, 0, 0, factor, 1, 0);

    public static AffineMatrix TranslateX(double pixels) => new(1, 0, pixels, 0, 1, 0);

    public static AffineMatrix TranslateY(double pixels) => new(1, 0, 0, 0, 1, pixels);

    /// <summary>
    /// About the middle, degrees counter-clockwise in [0, 360), as Pillow 9.4's Image.rotate: sine and cosine rounded
    /// to 15 decimals.
    /// </summary>
    public static AffineMatrix Rotate(double degrees, int width, int height)
    {
        double angle = -(degrees * (Math.PI / 180)), x = width / 2.0, y = height / 2.0;
        double cos = Round15(Math.Cos(angle)), sin = Round15(Math.Sin(angle)), back = Round15(-Math.Sin(angle));
        return new(
            cos, sin, cos * -x + sin * -y + 0.0 + x,
            back, cos, back * -x + cos * -y + 0.0 + y);
    }

    // Math.Round(v, 15) scales by 1e15 and may miss the nearest decimal that Python's round finds.
    private static double Round15(double value) =>
        double.Parse(value.ToString("F15", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}

using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using VisionMamba.Data.Images;

namespace VisionMamba.Data.Augment.Operations;

/// <summary>The colour of what a transform uncovers.</summary>
internal readonly record struct FillColor(byte Red, byte Green, byte Blue);

/// <summary>
/// Affine transforms to the same size, equal to Pillow 9.4's Image.transform to the bit: doubles, rows and columns
/// repeated at the borders, results rounded down (Geometry.c). The 4 lanes of a vector own red, green, blue, nothing.
/// </summary>
internal static class Affine
{
    /// <summary>A new picture; <paramref name="image"/> is not changed.</summary>
    public static RgbImage Transform(
        RgbImage image, AffineMatrix matrix, Interpolation interpolation, FillColor fill)
    {
        int width = image.Width, height = image.Height;
        uint[] source = ArrayPool<uint>.Shared.Rent(width * height);
        Widen(image.Pixels, source);
        RgbImage result = RgbImage.Uninitialized(width, height);
        var sampler = new AffineSampler(source, width, height);
        uint fillPixel = fill.Red | ((uint)fill.Green << 8) | ((uint)fill.Blue << 16);
        for (int y = 0; y < height; y++)
            Row(sampler, matrix, y, interpolation == Interpolation.Bicubic, fillPixel, result.Row(y));
        ArrayPool<uint>.Shared.Return(source);
        return result;
    }

    /// <summary>Image.rotate, degrees counter-clockwise; at 0 the picture itself.</summary>
    public static RgbImage Rotate(RgbImage image, double degrees, Interpolation interpolation, FillColor fill)
    {
        double turn = degrees % 360;
        turn = turn < 0 ? turn + 360 : turn;
        return turn == 0
            ? image
            : Transform(image, AffineMatrix.Rotate(turn, image.Width, image.Height), interpolation, fill);
    }

    private static void Row(
        in AffineSampler sampler, in AffineMatrix m, int y, bool bicubic, uint fill, Span<byte> to)
    {
        double yIn = y + 0.5;
        for (int x = 0, o = 0; o < to.Length; x++, o += 3)
        {
            double xIn = x + 0.5;
            double fromX = m.Xx * xIn + m.Xy * yIn + m.X, fromY = m.Yx * xIn + m.Yy * yIn + m.Y;
            uint pixel = !sampler.Contains(fromX, fromY) ? fill
                : bicubic ? sampler.Bicubic(fromX - 0.5, fromY - 0.5)
                : sampler.Bilinear(fromX - 0.5, fromY - 0.5);
            to[o] = (byte)pixel;
            to[o + 1] = (byte)(pixel >> 8);
            to[o + 2] = (byte)(pixel >> 16);
        }
    }

    private static void Widen(ReadOnlySpan<byte> rgb, Span<uint> to)
    {
        for (int i = 0, p = 0; p + 2 < rgb.Length; i++, p += 3)
            to[i] = rgb[p] | ((uint)rgb[p + 1] << 8) | ((uint)rgb[p + 2] << 16);
    }
}

/// <summary>Reads a picture of 4-byte pixels between its pixels.</summary>
internal readonly ref struct AffineSampler(ReadOnlySpan<uint> pixels, int width, int height)
{
    private readonly ref uint _pixels = ref MemoryMarshal.GetReference(pixels);

    public bool Contains(double x, double y) => x >= 0 && x < width && y >= 0 && y < height;

    /// <summary>At (x, y) with pixel (i, j) at (i, j).</summary>
    public uint Bilinear(double x, double y)
    {
        int left = (int)Math.Floor(x), top = (int)Math.Floor(y);
        double dx = x - left, dy = y - top;
        Vector256<double> value = Across2(Row(top), left, dx);
        if (dy != 0)
            value += (Across2(Row(top + 1), left, dx) - value) * Vector256.Create(dy);
        return Pack(value);
    }

    /// <summary>Keys' cubic with a = -1. What a distance of 0 cannot change is not computed.</summary>
    public uint Bicubic(double x, double y)
    {
        int left = (int)Math.Floor(x), top = (int)Math.Floor(y);
        double dx = x - left, dy = y - top;
        if (dy == 0)
            return Pack(Across4(Row(top), left, dx));
        Vector256<double> a, b, c, d;
        if (dx == 0)
        {
            (a, b) = (Pixel(Row(top - 1), left), Pixel(Row(top), left));
            (c, d) = (Pixel(Row(top + 1), left), Pixel(Row(top + 2), left));
        }
        else
        {
            (a, b) = (Across4(Row(top - 1), left, dx), Across4(Row(top), left, dx));
            (c, d) = (Across4(Row(top + 1), left, dx), Across4(Row(top + 2), left, dx));
        }

        return Pack(Cubic(a, b, c, d, Vector256.Create(dy)));
    }

    private int Row(int y) => Math.Clamp(y, 0, height - 1) * width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<double> Across2(int row, int left, double dx)
    {
        Vector256<double> a = Pixel(row, left), b = Pixel(row, left + 1);
        return a + (b - a) * Vector256.Create(dx);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<double> Across4(int row, int left, double dx) => Cubic(
        Pixel(row, left - 1), Pixel(row, left), Pixel(row, left + 1), Pixel(row, left + 2), Vector256.Create(dx));

    // The polynomial's terms in Pillow's order.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Cubic(
        Vector256<double> a, Vector256<double> b, Vector256<double> c, Vector256<double> d, Vector256<double> at)
    {
        Vector256<double> p2 = c - a, difference = a - b;
        Vector256<double> p3 = difference + difference + c - d, p4 = b - a - c + d;
        return b + at * (p2 + at * (p3 + at * p4));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<double> Pixel(int row, int x)
    {
        uint pixel = Unsafe.Add(ref _pixels, row + Math.Clamp(x, 0, width - 1));
        if (Avx.IsSupported)
            return Avx.ConvertToVector256Double(
                Sse41.ConvertToVector128Int32(Vector128.CreateScalarUnsafe(pixel).AsByte()));
        return Vector256.Create(pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255, 0.0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Pack(Vector256<double> value)
    {
        value = Vector256.Min(Vector256.Max(value, Vector256<double>.Zero), Vector256.Create(255.0));
        if (Avx.IsSupported)
        {
            Vector128<int> whole = Avx.ConvertToVector128Int32WithTruncation(value);
            Vector128<ushort> words = Vector128.Narrow(whole, whole).AsUInt16();
            return Vector128.Narrow(words, words).AsUInt32()[0];
        }

        return (uint)value[0] | ((uint)value[1] << 8) | ((uint)value[2] << 16);
    }
}

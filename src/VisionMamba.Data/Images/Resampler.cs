using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace VisionMamba.Data.Images;

/// <summary>
/// Antialiased resizing equal to Pillow's <c>Image.resize</c> to the bit: two passes in 8-bit fixed point, rows first
/// (and of those only the ones the second pass reads), the picture between them rounded to bytes.
/// </summary>
public static unsafe class Resampler
{
    private const int Half = 1 << (ResampleAxis.PrecisionBits - 1);

    /// <summary>
    /// <paramref name="image"/> at <paramref name="width"/> x <paramref name="height"/> pixels. <paramref name="box"/>
    /// is the part to sample, in pixels of the source, the whole picture when null; the filter may still reach
    /// pixels beside it.
    /// </summary>
    public static RgbImage Resize(
        RgbImage image,
        int width,
        int height,
        Interpolation interpolation,
        (double Left, double Top, double Right, double Bottom)? box = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        CheckTarget(width, height);
        var part = box ?? (0, 0, image.Width, image.Height);
        if (!(part.Left >= 0 && part.Top >= 0 && part.Right <= image.Width && part.Bottom <= image.Height
            && part.Left < part.Right && part.Top < part.Bottom))
            throw new ArgumentException($"box {part} is not within {image.Width} x {image.Height} pixels", nameof(box));
        var across = ResampleAxis.Make(
            image.Width, (float)part.Left, (float)part.Right, width, 0, width, interpolation);
        var down = ResampleAxis.Make(
            image.Height, (float)part.Top, (float)part.Bottom, height, 0, height, interpolation);
        return Run(image, 0, 0, across, down);
    }

    /// <summary>
    /// The same as cropping to <paramref name="source"/>, resizing and cropping the result to <paramref
    /// name="window"/>,
    /// without the copies and the pixels nobody wants.
    /// </summary>
    internal static RgbImage Resize(
        RgbImage image, PixelBox source, int width, int height, PixelBox window, Interpolation interpolation)
    {
        CheckTarget(window.Width, window.Height);
        var across = ResampleAxis.Make(
            source.Width, 0, source.Width, width, window.Left, window.Width, interpolation);
        var down = ResampleAxis.Make(
            source.Height, 0, source.Height, height, window.Top, window.Height, interpolation);
        return Run(image, source.Left, source.Top, across, down);
    }

    private static void CheckTarget(int width, int height)
    {
        if (width < 1 || height < 1 || (long)width * height > RgbImage.MaxPixels)
            throw new ArgumentException($"cannot resize to {width} x {height} pixels");
    }

    private static RgbImage Run(RgbImage image, int left, int top, ResampleAxis across, ResampleAxis down)
    {
        fixed (byte* pixels = image.Pixels)
        {
            int stride = image.Width * 3, rowBytes = across.Length * 3;
            byte* source = pixels + (long)top * stride + left * 3;
            byte* end = pixels + image.Pixels.Length;
            if (!across.Needed)
                return Down(source + across.First * 3, stride, 0, across.Length, down);
            int begin = down.InputBegin, rows = down.InputEnd - begin;
            RgbImage between = RgbImage.Uninitialized(across.Length, rows);
            fixed (byte* to = between.Pixels)
            {
                for (int y = 0; y < rows; y++)
                    AcrossRow(source + (long)(begin + y) * stride, end, to + (long)y * rowBytes, across);
                return down.Needed ? Down(to, rowBytes, begin, across.Length, down) : between;
            }
        }
    }

    private static RgbImage Down(byte* source, int stride, int begin, int width, ResampleAxis down)
    {
        RgbImage result = RgbImage.Uninitialized(width, down.Length);
        fixed (byte* to = result.Pixels)
        fixed (int* weights = down.Weights)
        {
            int bytes = width * 3;
            for (int y = 0; y < down.Length; y++)
            {
                byte* from = source + (long)(down.Starts[y] - begin) * stride, row = to + (long)y * bytes;
                if (down.Needed)
                    DownRow(from, stride, row, bytes, weights + y * down.Taps, down.Counts[y]);
                else
                    Unsafe.CopyBlockUnaligned(row, from, (uint)bytes);
            }
        }

        return result;
    }

    private static void AcrossRow(byte* row, byte* end, byte* to, ResampleAxis across)
    {
        fixed (int* starts = across.Starts, counts = across.Counts, weights = across.Weights)
        {
            for (int x = 0; x < across.Length; x++, to += 3)
            {
                byte* from = row + starts[x] * 3;
                int* weight = weights + x * across.Taps;
                int taps = counts[x], tap = 0;
                Vector128<int> sum = Vector128.Create(Half);

                // 4 bytes are read for 3, so the very last pixel of the picture is left to the scalar tail.
                int safe = (int)Math.Min(taps, (end - from - 1) / 3);
                for (; tap < safe; tap++, from += 3)
                    sum += Widen4(from) * Vector128.Create(weight[tap]);
                int red = sum[0], green = sum[1], blue = sum[2];
                for (; tap < taps; tap++, from += 3)
                {
                    red += from[0] * weight[tap];
                    green += from[1] * weight[tap];
                    blue += from[2] * weight[tap];
                }

                to[0] = Clamp(red);
                to[1] = Clamp(green);
                to[2] = Clamp(blue);
            }
        }
    }

    private static void DownRow(byte* from, int stride, byte* to, int bytes, int* weights, int taps)
    {
        int i = 0;
        for (; i + 16 <= bytes; i += 16)
        {
            byte* column = from + i;
            Vector256<int> low = Vector256.Create(Half), high = low;
            for (int tap = 0; tap < taps; tap++, column += stride)
            {
                Vector256<int> weight = Vector256.Create(weights[tap]);
                low += Widen8(column) * weight;
                high += Widen8(column + 8) * weight;
            }

            Pack(low, high).Store(to + i);
        }

        for (; i < bytes; i++)
        {
            byte* column = from + i;
            int sum = Half;
            for (int tap = 0; tap < taps; tap++, column += stride)
                sum += *column * weights[tap];
            to[i] = Clamp(sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Widen4(byte* from) => Sse41.IsSupported
        ? Sse41.ConvertToVector128Int32(from)
        : Vector128.WidenLower(Vector128.WidenLower(
            Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(from)).AsByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen8(byte* from)
    {
        if (Avx2.IsSupported)
            return Avx2.ConvertToVector256Int32(from);
        Vector128<ushort> words = Vector128.WidenLower(
            Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(from)).AsByte());
        return Vector256.Create(Vector128.WidenLower(words), Vector128.WidenUpper(words)).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Pack(Vector256<int> low, Vector256<int> high)
    {
        Vector256<int> top = Vector256.Create(255);
        low = Vector256.Min(Vector256.Max(low >> ResampleAxis.PrecisionBits, Vector256<int>.Zero), top);
        high = Vector256.Min(Vector256.Max(high >> ResampleAxis.PrecisionBits, Vector256<int>.Zero), top);
        Vector256<ushort> words = Vector256.Narrow(low.AsUInt32(), high.AsUInt32());
        return Vector128.Narrow(words.GetLower(), words.GetUpper());
    }

    private static byte Clamp(int sum) => (byte)Math.Clamp(sum >> ResampleAxis.PrecisionBits, 0, 255);
}

using ILGPU;

namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// An image (batch, channels, height, width) and its patches (batch * rows * columns, channels * side^2).
/// </summary>
internal struct PatchArguments
{
    public ArrayView<float> Image, Patches;

    public int Batch, Channels, Height, Width, Side, Stride, Rows, Columns;
}

/// <summary>Learned numbers at some places of every image.</summary>
internal struct PixelArguments
{
    public ArrayView<float> Prompt, Image;

    /// <summary>The places, in rising order.</summary>
    public ArrayView<int> Places;

    public int Batch, Count;

    /// <summary>Numbers of an image.</summary>
    public long Size;
}

/// <summary>Between images and tokens.</summary>
internal static class ImageKernels
{
    /// <summary>Cuts the patches; a thread for each of their numbers.</summary>
    public static void Cut(PatchArguments a)
    {
        long index = ElementKernels.Index;
        int area = a.Channels * a.Side * a.Side, count = a.Rows * a.Columns;
        if (index >= (long)a.Batch * count * area)
            return;
        int row = (int)(index / area), within = (int)(index - ((long)row * area));
        int sample = row / count, patch = row - (sample * count);
        int top = patch / a.Columns, left = patch - (top * a.Columns);
        int x = within % a.Side, line = within / a.Side, y = line % a.Side, channel = line / a.Side;
        a.Patches[index] = a.Image[
            (((((long)sample * a.Channels) + channel) * a.Height) + (top * a.Stride) + y) * a.Width
            + (left * a.Stride) + x];
    }

    /// <summary>Adds the patches back; a thread for each number of the image takes from all patches over it.</summary>
    public static void Join(PatchArguments a)
    {
        long index = ElementKernels.Index;
        if (index >= (long)a.Batch * a.Channels * a.Height * a.Width)
            return;
        long line = index / a.Width, plane = line / a.Height;
        int x = (int)(index - (line * a.Width)), y = (int)(line - (plane * a.Height));
        int sample = (int)(plane / a.Channels), channel = (int)(plane - ((long)sample * a.Channels));
        int area = a.Channels * a.Side * a.Side;
        float sum = a.Image[index];
        for (int top = First(y, a.Side, a.Stride); top < a.Rows && top * a.Stride <= y; top++)
        {
            for (int left = First(x, a.Side, a.Stride); left < a.Columns && left * a.Stride <= x; left++)
            {
                long patch = ((((long)sample * a.Rows) + top) * a.Columns) + left;
                int within = (((channel * a.Side) + y - (top * a.Stride)) * a.Side) + x - (left * a.Stride);
                sum += a.Patches[(patch * area) + within];
            }
        }

        a.Image[index] = sum;
    }

    /// <summary>image[b, places[k]] += prompt[k]; a thread for each b and k.</summary>
    public static void AddPixels(PixelArguments a)
    {
        long index = ElementKernels.Index;
        if (index >= (long)a.Batch * a.Count)
            return;
        int sample = (int)(index / a.Count), k = (int)(index - ((long)sample * a.Count));
        a.Image[(sample * a.Size) + a.Places[k]] += a.Prompt[k];
    }

    /// <summary>prompt[k] += the sum over the samples, in their order, of image[b, places[k]].</summary>
    public static void SumPixels(PixelArguments a)
    {
        long k = ElementKernels.Index;
        if (k >= a.Count)
            return;
        float sum = a.Prompt[k];
        for (int sample = 0; sample < a.Batch; sample++)
            sum += a.Image[(sample * a.Size) + a.Places[k]];
        a.Prompt[k] = sum;
    }

    /// <summary>The first patch along an axis that reaches <paramref name="at"/>.</summary>
    private static int First(int at, int side, int stride) => at < side ? 0 : ((at - side) / stride) + 1;
}

using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>
/// SimAM (Yang et al., ICML 2021, equation 5), a parameter-free attention, on the input image as SVP applies it:
/// x sigmoid(d / (4 (sum(d) / (n - 1) + lambda)) + 1/2) with d = (x - mean)^2 per image and channel, lambda = 1e-3.
/// No gradient passes through: it stands before everything that trains.
/// </summary>
public static class SimAm
{
    private const double Lambda = 1e-3;

    /// <summary>A new tensor of the shape of <paramref name="image"/>, (batch, channels, height, width).</summary>
    public static Tensor Apply(Tensor image)
    {
        Tensor result = Tensor.From(image.Span, image.Shape);
        Replace(result);
        return result;
    }

    /// <summary>The same on a tape, in its memory where that is the host's.</summary>
    internal static Tensor Apply(Tape tape, Tensor image)
    {
        if (!tape.OnHost)
            return tape.Input(Apply(image));
        Tensor result = tape.Input(image.Span, image.Shape);
        Replace(result);
        return result;
    }

    private static void Replace(Tensor image)
    {
        int plane = image.Shape[2] * image.Shape[3];
        for (int start = 0; start < image.Count; start += plane)
            ReplacePlane(image.Span.Slice(start, plane));
    }

    private static void ReplacePlane(Span<float> x)
    {
        double mean = 0, squares = 0;
        foreach (float value in x)
            mean += value;
        mean /= x.Length;
        foreach (float value in x)
            squares += (value - mean) * (value - mean);
        double scale = 1 / (4 * ((squares / Math.Max(x.Length - 1, 1)) + Lambda));
        for (int i = 0; i < x.Length; i++)
        {
            double attention = ((x[i] - mean) * (x[i] - mean) * scale) + 0.5;
            x[i] = (float)(x[i] / (1 + Math.Exp(-attention)));
        }
    }
}

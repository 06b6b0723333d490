namespace VisionMamba.Tensors;

// Shapes: image (batch, channels, height, width); weight (dim, channels, patch, patch); bias (dim);
// y (batch, rows*columns, dim) with rows = (height - patch) / stride + 1;
// patches (batch*rows*columns, channels*patch*patch).

public abstract partial class Backend
{
    /// <summary>Copies every patch of the image into a row of <paramref name="patches"/>, channel by channel.</summary>
    public abstract void PatchesForward(Tensor image, int patch, int stride, Tensor patches);

    /// <summary>Adds every row of dPatches back to its place in the image.</summary>
    public abstract void PatchesBackward(Tensor dPatches, int patch, int stride, Tensor dImage);
}

public static partial class Operations
{
    /// <summary>
    /// Cuts the image into (possibly overlapping) patches and projects each to a token:
    /// Conv2d(channels, dim, patch, stride) as in ViT (arXiv 2010.11929, equation 1). Returns (batch, patches, dim).
    /// </summary>
    public static Tensor PatchEmbed(this Tape tape, Tensor image, Tensor weight, Tensor? bias, int stride)
    {
        int patch = weight.Shape[2], area = image.Shape[1] * patch * patch;
        int rows = ((image.Shape[2] - patch) / stride) + 1, columns = ((image.Shape[3] - patch) / stride) + 1;
        Tensor patches = Patches(tape, image, patch, stride, [image.Shape[0], rows * columns, area]);
        return tape.Linear(patches, weight, bias);
    }

    private static Tensor Patches(Tape tape, Tensor image, int patch, int stride, ReadOnlySpan<int> shape)
    {
        Tensor patches = tape.Output(image.NeedsGradient, shape);
        tape.Backend.PatchesForward(image, patch, stride, patches);
        return tape.Record(
            "patches", patches, (image, patch, stride, patches),
            static (tape, s) => tape.Backend.PatchesBackward(
                s.patches.Gradient!, s.patch, s.stride, tape.Target(s.image)!),
            []);
    }
}

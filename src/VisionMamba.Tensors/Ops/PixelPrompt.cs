namespace VisionMamba.Tensors;

// Shapes: image (batch, channels, height, width); prompt (count); at: count places in one image; y as image.

public abstract partial class Backend
{
    /// <summary>
    /// y = image, and y[b, at[k]] += prompt[k] with an image's numbers in one row; no place comes twice.
    /// </summary>
    public abstract void PixelPromptForward(Tensor image, Tensor prompt, int[] at, Tensor y);

    /// <summary>dImage += dY; dPrompt[k] += the sum over the samples, in their order, of dY[b, at[k]].</summary>
    public abstract void PixelPromptBackward(Tensor dY, int[] at, Tensor? dImage, Tensor? dPrompt);
}

public static partial class Operations
{
    /// <summary>
    /// Adds learned numbers to some places of every image (visual prompting, arXiv 2203.17274): the shape stays.
    /// <paramref name="at"/> are indices into (channels, height, width), in rising order.
    /// </summary>
    public static Tensor PixelPrompt(this Tape tape, Tensor image, Tensor prompt, int[] at)
    {
        if (prompt.Count != at.Length)
            throw new ArgumentException($"{prompt} does not fill {at.Length} places");
        Tensor y = tape.Output(image.NeedsGradient || prompt.NeedsGradient, image.Shape);
        tape.Backend.PixelPromptForward(image, prompt, at, y);
        return tape.Record(
            "pixel prompt", y, (image, prompt, at, y),
            static (tape, s) => tape.Backend.PixelPromptBackward(
                s.y.Gradient!, s.at, tape.Target(s.image), tape.Target(s.prompt)),
            []);
    }
}

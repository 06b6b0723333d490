namespace VisionMamba.Tensors.Cpu;

/// <summary>Which elements of the prompts are dropped.</summary>
internal static unsafe class PromptDropout
{
    /// <summary>
    /// 1 / (1 - p) where an element is kept, else 0, for <paramref name="count"/> elements of the piece of the batch
    /// from <paramref name="at"/> on; a function of the element's index in the whole batch alone.
    /// </summary>
    public static void Mask(in SelectivePromptArguments a, ulong stream, long at, int count, float* mask)
    {
        at += (long)a.FirstImage * a.X.Shape[1] * a.X.Columns;
        Rng rng = a.Rng.Derive(stream);
        for (int i = 0; i < count; i++)
            mask[i] = rng.Uniform((ulong)(at + i)) < a.Dropout ? 0 : 1 / (1 - a.Dropout);
    }
}

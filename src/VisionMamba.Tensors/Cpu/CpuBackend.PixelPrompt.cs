namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void PixelPromptForward(Tensor image, Tensor prompt, int[] at, Tensor y)
    {
        int batch = image.Shape[0];
        long pixels = image.Count / batch;
        _pool.Run(batch, sample =>
        {
            float* target = y.Pointer + (sample * pixels), p = prompt.Pointer;
            Buffer.MemoryCopy(
                image.Pointer + (sample * pixels), target, pixels * sizeof(float), pixels * sizeof(float));
            for (int k = 0; k < at.Length; k++)
                target[at[k]] += p[k];
        });
    }

    /// <inheritdoc/>
    public override void PixelPromptBackward(Tensor dY, int[] at, Tensor? dImage, Tensor? dPrompt)
    {
        int batch = dY.Shape[0];
        long pixels = dY.Count / batch;
        if (dImage is not null)
        {
            _pool.Run(batch, sample =>
                AddScaled(dY.Pointer + (sample * pixels), 1, dImage.Pointer + (sample * pixels), (int)pixels));
        }

        if (dPrompt is null)
            return;
        // Threads split the places: the sum over the samples keeps its order.
        OverRows(at.Length, batch, (from, to) =>
        {
            for (int k = from; k < to; k++)
            {
                for (int sample = 0; sample < batch; sample++)
                    dPrompt.Pointer[k] += dY.Pointer[(sample * pixels) + at[k]];
            }
        });
    }
}

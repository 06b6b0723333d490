namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void PixelPromptForward(Tensor image, Tensor prompt, int[] at, Tensor y)
    {
        _pool.Run(image.Shape[0], new PixelPromptKernel(image, prompt, at, y));
    }

    /// <inheritdoc/>
    public override void PixelPromptBackward(Tensor dY, int[] at, Tensor? dImage, Tensor? dPrompt)
    {
        int batch = dY.Shape[0];
        if (dImage is not null)
            OverRows(dY.Rows, dY.Columns, new AddRowsKernel(dY, dImage));
        // Threads split the places: the sum over the samples keeps its order.
        if (dPrompt is not null)
            OverRows(at.Length, batch, new PixelPromptGradientKernel(dY, at, dPrompt));
    }

    private readonly struct PixelPromptKernel(Tensor image, Tensor prompt, int[] at, Tensor y) : IPieces
    {
        public void Run(int sample)
        {
            long pixels = image.Count / image.Shape[0];
            float* target = y.Pointer + (sample * pixels), p = prompt.Pointer;
            Buffer.MemoryCopy(
                image.Pointer + (sample * pixels), target, pixels * sizeof(float), pixels * sizeof(float));
            for (int k = 0; k < at.Length; k++)
                target[at[k]] += p[k];
        }
    }

    private readonly struct PixelPromptGradientKernel(Tensor dY, int[] at, Tensor dPrompt) : IRange
    {
        public void Run(int from, int to)
        {
            int batch = dY.Shape[0];
            long pixels = dY.Count / batch;
            for (int k = from; k < to; k++)
            {
                for (int sample = 0; sample < batch; sample++)
                    dPrompt.Pointer[k] += dY.Pointer[(sample * pixels) + at[k]];
            }
        }
    }
}

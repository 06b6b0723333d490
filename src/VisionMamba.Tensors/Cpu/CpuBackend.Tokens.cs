namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void PatchesForward(Tensor image, int patch, int stride, Tensor patches) =>
        _pool.Run(image.Shape[0], new PatchesKernel(image, patch, stride, patches, gradient: false));

    /// <inheritdoc/>
    public override void PatchesBackward(Tensor dPatches, int patch, int stride, Tensor dImage) =>
        _pool.Run(dImage.Shape[0], new PatchesKernel(dImage, patch, stride, dPatches, gradient: true));

    /// <inheritdoc/>
    public override void InsertClassTokenForward(
        Tensor patches, Tensor classToken, Tensor? positions, int at, Tensor y)
    {
        OverRows(y.Rows, y.Columns, new ClassTokenKernel(patches, classToken, positions, at, y));
    }

    /// <inheritdoc/>
    public override void InsertClassTokenBackward(
        Tensor dY, int at, Tensor? dPatches, Tensor? dClassToken, Tensor? dPositions)
    {
        // Threads split the tokens: the sum over the batch keeps its order.
        OverRows(
            dY.Shape[1], dY.Columns * dY.Shape[0],
            new ClassTokenGradientKernel(dY, at, dPatches, dClassToken, dPositions));
    }

    /// <inheritdoc/>
    public override void CopyTokens(Tensor from, int fromStart, Tensor to, int toStart, int count, bool accumulate)
    {
        int dim = from.Columns;
        for (int sample = 0; sample < from.Shape[0]; sample++)
        {
            float* source = from.Pointer + ((((long)sample * from.Shape[1]) + fromStart) * dim);
            float* target = to.Pointer + ((((long)sample * to.Shape[1]) + toStart) * dim);
            if (accumulate)
                AddScaled(source, 1, target, count * dim);
            else
                Buffer.MemoryCopy(source, target, (long)count * dim * sizeof(float), (long)count * dim * sizeof(float));
        }

        Keep(from, to);
    }

    /// <summary>Between every line of every patch and its place in the image, one image a piece.</summary>
    private readonly struct PatchesKernel(Tensor image, int patch, int stride, Tensor patches, bool gradient) : IPieces
    {
        public void Run(int sample)
        {
            int channels = image.Shape[1], height = image.Shape[2], width = image.Shape[3];
            int rows = ((height - patch) / stride) + 1, columns = ((width - patch) / stride) + 1;
            float* pixels = image.Pointer + ((long)sample * channels * height * width);
            float* p = patches.Pointer + ((long)sample * rows * columns * channels * patch * patch);
            for (int r = 0; r < rows; r++)
            {
                for (int c = 0; c < columns; c++)
                {
                    for (int channel = 0; channel < channels; channel++)
                    {
                        float* corner = pixels + ((((long)channel * height) + (r * stride)) * width) + (c * stride);
                        for (int row = 0; row < patch; row++, p += patch)
                            Line(corner + ((long)row * width), p);
                    }
                }
            }
        }

        private void Line(float* pixels, float* line)
        {
            if (!gradient)
            {
                new ReadOnlySpan<float>(pixels, patch).CopyTo(new Span<float>(line, patch));
                return;
            }

            for (int i = 0; i < patch; i++)
                pixels[i] += line[i];
        }
    }

    private readonly struct ClassTokenKernel(
        Tensor patches, Tensor classToken, Tensor? positions, int at, Tensor y) : IRange
    {
        public void Run(int from, int to)
        {
            int dim = y.Columns, length = y.Shape[1];
            for (int row = from; row < to; row++)
            {
                int sample = row / length, token = row % length;
                float* source = token == at ? classToken.Pointer
                    : patches.Pointer + ((((long)sample * (length - 1)) + token - (token > at ? 1 : 0)) * dim);
                AddRow(source, positions is null ? null : positions.Pointer + ((long)token * dim), 1,
                    y.Pointer + ((long)row * dim), dim);
            }
        }
    }

    private readonly struct ClassTokenGradientKernel(
        Tensor dY, int at, Tensor? dPatches, Tensor? dClassToken, Tensor? dPositions) : IRange
    {
        public void Run(int from, int to)
        {
            int dim = dY.Columns, length = dY.Shape[1], batch = dY.Shape[0];
            for (int token = from; token < to; token++)
            {
                for (int sample = 0; sample < batch; sample++)
                {
                    float* g = dY.Pointer + ((((long)sample * length) + token) * dim);
                    if (dPositions is not null)
                        AddScaled(g, 1, dPositions.Pointer + ((long)token * dim), dim);
                    if (token == at && dClassToken is not null)
                        AddScaled(g, 1, dClassToken.Pointer, dim);
                    long patch = ((long)sample * (length - 1)) + token - (token > at ? 1 : 0);
                    if (token != at && dPatches is not null)
                        AddScaled(g, 1, dPatches.Pointer + (patch * dim), dim);
                }
            }
        }
    }
}

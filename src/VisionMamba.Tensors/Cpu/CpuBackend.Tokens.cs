namespace VisionMamba.Tensors.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void PatchesForward(Tensor image, int patch, int stride, Tensor patches) =>
        _pool.Run(image.Shape[0], new PatchesKernel(image, patch, stride, patches, Gradient: false));

    /// <inheritdoc/>
    public override void PatchesBackward(Tensor dPatches, int patch, int stride, Tensor dImage) =>
        _pool.Run(dImage.Shape[0], new PatchesKernel(dImage, patch, stride, dPatches, Gradient: true));

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
    private readonly record struct PatchesKernel(Tensor Image, int Patch, int Stride, Tensor Patches, bool Gradient)
        : IPieces
    {
        public void Run(int sample)
        {
            int channels = Image.Shape[1], height = Image.Shape[2], width = Image.Shape[3];
            int rows = ((height - Patch) / Stride) + 1, columns = ((width - Patch) / Stride) + 1;
            float* pixels = Image.Pointer + ((long)sample * channels * height * width);
            float* p = Patches.Pointer + ((long)sample * rows * columns * channels * Patch * Patch);
            for (int r = 0; r < rows; r++)
            {
                for (int c = 0; c < columns; c++)
                {
                    for (int channel = 0; channel < channels; channel++)
                    {
                        float* corner = pixels + ((((long)channel * height) + (r * Stride)) * width) + (c * Stride);
                        for (int line = 0; line < Patch; line++, p += Patch)
                            Line(corner + ((long)line * width), p);
                    }
                }
            }
        }

        private void Line(float* pixels, float* patch)
        {
            if (!Gradient)
            {
                new ReadOnlySpan<float>(pixels, Patch).CopyTo(new Span<float>(patch, Patch));
                return;
            }

            for (int i = 0; i < Patch; i++)
                pixels[i] += patch[i];
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

using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

public partial class GpuBackend
{
    /// <inheritdoc/>
    public override void PatchesForward(Tensor image, int patch, int stride, Tensor patches) => Launch(
        ElementKernels.Configure(patches.Count), ImageKernels.Cut, Arguments(image, patch, stride, patches));

    /// <inheritdoc/>
    public override void PatchesBackward(Tensor dPatches, int patch, int stride, Tensor dImage) => Launch(
        ElementKernels.Configure(dImage.Count), ImageKernels.Join, Arguments(dImage, patch, stride, dPatches));

    /// <inheritdoc/>
    public override void PixelPromptForward(Tensor image, Tensor prompt, int[] at, Tensor y)
    {
        CopyAll(image, y, accumulate: false);
        Launch(ElementKernels.Configure((long)image.Shape[0] * at.Length), ImageKernels.AddPixels,
            Arguments(y, prompt, at));
    }

    /// <inheritdoc/>
    public override void PixelPromptBackward(Tensor dY, int[] at, Tensor? dImage, Tensor? dPrompt)
    {
        if (dImage is not null)
            CopyAll(dY, dImage, accumulate: true);
        if (dPrompt is not null)
            Launch(ElementKernels.Configure(at.Length), ImageKernels.SumPixels, Arguments(dY, dPrompt, at));
    }

    private void CopyAll(Tensor from, Tensor to, bool accumulate) => Copy(new BlockArguments
    {
        From = View(from),
        FromRow = from.Columns,
        To = View(to),
        ToRow = from.Columns,
        Items = 1,
        Rows = from.Rows,
        Columns = from.Columns,
        Scale = 1,
        Accumulate = accumulate ? 1 : 0,
    });

    private PatchArguments Arguments(Tensor image, int patch, int stride, Tensor patches) => new()
    {
        Image = View(image),
        Patches = View(patches),
        Batch = image.Shape[0],
        Channels = image.Shape[1],
        Height = image.Shape[2],
        Width = image.Shape[3],
        Side = patch,
        Stride = stride,
        Rows = ((image.Shape[2] - patch) / stride) + 1,
        Columns = ((image.Shape[3] - patch) / stride) + 1,
    };

    private PixelArguments Arguments(Tensor image, Tensor prompt, int[] at) => new()
    {
        Image = View(image),
        Prompt = View(prompt),
        Places = _indices.Of(at),
        Batch = image.Shape[0],
        Count = at.Length,
        Size = image.Count / image.Shape[0],
    };
}

using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Models.Checkpoints;

/// <summary>The architecture of a checkpoint that does not state it, from its names and shapes.</summary>
internal static class ConfigInference
{
    // Tried in turn where the number of patches alone leaves the image size and the stride open.
    private static readonly int[] s_usualSizes = [224, 384, 512, 448, 256, 192, 128, 96, 64, 32];

    public static VisionMambaConfig Infer(TensorFile file, LoadOptions options, List<string> notes)
    {
        int[] Shape(string name, int rank)
        {
            if (!file.Tensors.TryGetValue(name, out StoredTensor? tensor) || tensor.Shape.Length != rank
                || tensor.Shape.Contains(0))
            {
                throw new VisionMambaException(
                    $"{file.Path}: not a Vision Mamba checkpoint: {name} is missing or not of {rank} dimensions");
            }

            return tensor.Shape.ToArray();
        }

        int[] patch = Shape("patch_embed.proj.weight", 4), positions = Shape("pos_embed", 3);
        int[] conv = Shape("layers.0.mixer.conv1d.weight", 3);
        int depth = 0;
        while (file.Tensors.ContainsKey($"layers.{depth}.mixer.in_proj.weight"))
            depth++;
        bool twoLayers = file.Tensors.ContainsKey("head.0.weight");
        (int size, int stride) = Geometry(file, positions[1] - 1, patch[2], options, notes);
        return new VisionMambaConfig
        {
            ImageSize = size,
            Patch = patch[2],
            Stride = stride,
            Channels = patch[1],
            Dim = patch[0],
            Depth = depth,
            Inner = conv[0],
            ConvWidth = conv[2],
            State = Shape("layers.0.mixer.A_log", 2)[1],
            Rank = Shape("layers.0.mixer.dt_proj.weight", 2)[1],
            // A backbone may come without a head: who loads a whole model misses it by name.
            Classes = !twoLayers && !file.Tensors.ContainsKey("head.weight")
                ? 1 : Shape(twoLayers ? "head.1.weight" : "head.weight", 2)[0],
            HeadLayers = twoLayers ? 2 : 1,
            Norm = file.Tensors.ContainsKey("norm_f.bias") ? NormKind.LayerNorm : NormKind.RmsNorm,
            SimAm = options.SimAm ?? file.Metadata.GetValueOrDefault("args.input_relu") == "True",
        };
    }

    private static (int Size, int Stride) Geometry(
        TensorFile file, int patches, int patch, LoadOptions options, List<string> notes)
    {
        int grid = (int)Math.Round(Math.Sqrt(patches));
        if (grid < 1 || grid * grid != patches)
        {
            throw new VisionMambaException(
                $"{file.Path}: its {patches} patches are not a square; only square images are supported");
        }

        bool Fits(int size, int stride) => stride > 0 && size >= patch && ((size - patch) / stride) + 1 == grid;
        if (options.ImageSize is { } givenSize && options.Stride is { } givenStride)
        {
            return Fits(givenSize, givenStride) ? (givenSize, givenStride) : throw new VisionMambaException(
                $"{file.Path}: an image of {givenSize} px with stride {givenStride} does not give its {grid} x {grid} "
                + "patches");
        }

        int[] strides = options.Stride is { } only ? [only] : [patch, patch / 2, patch / 4];
        int[] sizes = options.ImageSize is { } wanted ? [wanted] : s_usualSizes;
        var usual = strides.SelectMany(stride => sizes.Select(size => (size, stride)))
            .Where(c => Fits(c.size, c.stride)).ToList();
        (int Size, int Stride) chosen = usual.FirstOrDefault((((grid - 1) * strides[0]) + patch, strides[0]));
        // A stride equal to the patch always fits some size: prefer a 224 px reading with overlapping patches.
        if (options.ImageSize is null && usual.Contains((224, chosen.Stride)) is false && usual.Any(c => c.size == 224))
            chosen = usual.First(c => c.size == 224);
        if (!Fits(chosen.Size, chosen.Stride))
        {
            throw new VisionMambaException(
                $"{file.Path}: no usual stride gives its {grid} x {grid} patches at {options.ImageSize} px; "
                + "give --stride");
        }

        notes.Add($"taking images of {chosen.Size} px and stride {chosen.Stride} from its {grid} x {grid} patches of "
            + $"{patch} px");
        return chosen;
    }
}

using VisionMamba.Tensors;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> PatchEmbed()
    {
        yield return PatchEmbed(1, 1, 4, 4, 4, 4, 5, bias: true);
        yield return PatchEmbed(3, 3, 8, 12, 4, 4, 16, bias: true);
        yield return PatchEmbed(3, 3, 11, 14, 4, 3, 40, bias: true);
        yield return PatchEmbed(1, 2, 9, 7, 3, 1, 5, bias: false);
        yield return PatchEmbed(1, 3, 10, 11, 2, 4, 17, bias: false);
    }

    /// <summary>Sides may leave pixels over; a stride below the patch overlaps, above it skips.</summary>
    private static OpCase PatchEmbed(
        int batch, int channels, int height, int width, int patch, int stride, int dim, bool bias)
    {
        string name = $"patches {batch}x{channels}x{height}x{width} by {patch} every {stride} to {dim}";
        OpInput image = Input(name, "image", 1, batch, channels, height, width);
        OpInput weight = Parameter(name, "weight", 0.3, dim, channels, patch, patch);
        int tokens = (((height - patch) / stride) + 1) * (((width - patch) / stride) + 1);
        return new OpCase(
            name,
            bias ? [image, weight, Parameter(name, "bias", 1, dim)] : [image, weight],
            (tape, t) => [tape.PatchEmbed(t[0], t[1], bias ? t[2] : null, stride)],
            v => [PatchEmbedOracle.Forward(v[0], v[1], bias ? v[2] : null, stride)])
        {
            Rented = [batch * tokens * channels * patch * patch],
        };
    }
}

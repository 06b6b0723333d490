using System.Globalization;
using VisionMamba.Models.Prompting.Svp;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Models.Checkpoints;

/// <summary>
/// How many layers share a cross prompt in a checkpoint that has no settings. Its shapes tell only the number of cross
/// prompts: 3 of them for 24 layers may be shared by 8, 9, 10 or 11 layers each.
/// </summary>
internal static class SharedLayers
{
    /// <summary>
    /// The caller's number, else that of the released code's args in the file, else the smallest that fits, with a
    /// note.
    /// </summary>
    public static int Resolve(
        TensorFile file, IReadOnlyDictionary<string, int[]> shapes, VisionMambaConfig model, LoadOptions options,
        List<string> notes)
    {
        (int layers, int groups) = SvpMethod.CountPrompts(shapes, model);
        (int first, int last) = SvpMethod.SharedLayersOf(layers, groups);
        if (options.SharedLayers is { } given)
        {
            return given >= first && given <= last ? given : throw new VisionMambaException(
                $"{file.Path}: --shared-layers {given} does not fit its {groups} cross prompts for {layers} layers; "
                + $"{Range(first, last)} would");
        }

        if (file.Metadata.TryGetValue("args.shared_layers", out string? text)
            && int.TryParse(text, CultureInfo.InvariantCulture, out int recorded) && recorded >= first
                && recorded <= last)
        {
            return recorded;
        }

        if (first != last)
        {
            notes.Add($"its {groups} cross prompts for {layers} layers may be shared by {Range(first, last)} layers "
                + $"each: taking {first}; give --shared-layers if it is another number");
        }

        return first;
    }

    private static string Range(int first, int last) => first == last ? $"{first}" : $"{first} to {last}";
}

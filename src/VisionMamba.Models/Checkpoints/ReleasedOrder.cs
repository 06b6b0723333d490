using System.Globalization;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Checkpoints;

/// <summary>
/// The order of parameters in the released Python models: own parameters first, then the parts in the order in which
/// they are made. torch numbers an optimizer's parameters by it.
/// </summary>
public static class ReleasedOrder
{
    private static readonly string[] s_parts =
        ["cls_token", "pos_embed", "prompt_scale", "prompt_shared_scale", "patch_embed", "head", "layers", "norm_f",
            "prompt_generator_shared", "prompt_generator"];

    private static readonly string[] s_mixer =
        ["A_log", "D", "A_b_log", "D_b", "in_proj", "conv1d", "x_proj", "dt_proj", "conv1d_b", "x_proj_b", "dt_proj_b",
            "out_proj"];

    /// <summary>
    /// The parameters in that order; parts that the released code does not have come last, as they are.
    /// </summary>
    public static IEnumerable<Tensor> Of(ParameterSet parameters) =>
        parameters.All.OrderBy(p => Key(p.Name!)); // stable: weight before bias, generators by number

    private static (int Part, int Layer, int Place) Key(string name)
    {
        string[] words = name.Split('.');
        int part = Place(s_parts, words[0]);
        if (words[0] != "layers" || words.Length < 4
            || !int.TryParse(words[1], CultureInfo.InvariantCulture, out int layer))
        {
            return (part, 0, 0);
        }

        return (part, layer, words[2] == "mixer" ? Place(s_mixer, words[3]) : s_mixer.Length + 1);
    }

    private static int Place(string[] words, string word)
    {
        int at = Array.IndexOf(words, word);
        return at < 0 ? words.Length : at;
    }
}

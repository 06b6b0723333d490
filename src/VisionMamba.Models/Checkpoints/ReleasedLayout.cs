using VisionMamba.Models.Prompting;
using VisionMamba.Models.Prompting.Combined;
using VisionMamba.Models.Prompting.Svp;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Checkpoints;

/// <summary>
/// A model with the shapes that the released SVP code makes, so that its load_state_dict takes them with strict=True:
/// 24 rows of prompt_scale, prompts for every layer, shared layers that divide the depth, inner width 64 or 128. What
/// is added is zero or a repetition, so the function computed stays the same.
/// </summary>
public static class ReleasedLayout
{
    private const int ScaleRows = 24;
    private static readonly int[] s_widths = [64, 128];

    /// <summary>
    /// The model in that layout: itself where it fits already, else one that shares its other weights.
    /// </summary>
    /// <exception cref="VisionMambaException">The released code has no such model; the line says why.</exception>
    public static VisionMambaModel Of(VisionMambaModel model, List<string> notes)
    {
        if (SvpOf(model.Method) is not { } svp)
        {
            if (model.Method.AddsParameters)
            {
                notes.Add($"the released code has no '{model.Method.Name}': it takes the rest of the file with "
                    + "strict=False, and answers otherwise; svp reads it whole");
            }

            return model;
        }

        int depth = model.Config.Depth, layers = svp.Config.PromptDepth == 0 ? depth : svp.Config.PromptDepth;
        int width = Array.Find(s_widths, w => w >= svp.Config.InnerWidth);
        if (width == 0)
            throw Impossible($"an inner width of {svp.Config.InnerWidth}; it has 64 or 128");
        if (depth > ScaleRows)
            throw Impossible($"{depth} layers; its prompt_scale has {ScaleRows} rows");
        if (svp.Config.Source == CrossPromptSource.Token)
        {
            notes.Add("this model reads cross prompts from each token itself ('token'); the released code computes "
                + "'paired-halves', so it will load the file but give other logits");
        }

        int shared = Gcd(Gcd(depth, svp.Config.SharedLayers), layers);
        SvpConfig config = svp.Config with
        {
            SharedLayers = shared,
            InnerWidth = width,
            PromptDepth = 0,
            Prompts = SvpPrompts.Both,
            ScaleRows = depth == ScaleRows ? 0 : ScaleRows,
        };
        if (shared != svp.Config.SharedLayers && svp.Config.Prompts != SvpPrompts.Inner)
        {
            notes.Add($"repeating cross prompts: {shared} layers share one in the file, {svp.Config.SharedLayers} in "
                + "the model");
        }

        return new VisionMambaModel(
            model.Config, Replaced(model.Method, new SvpMethod(config)), seed: 0,
            (name, shape) => Take(
                model.Parameters, new Sharing(svp.Config.SharedLayers, shared, layers), name, shape));
    }

    /// <summary>
    /// SVP where it is all that the method adds to the backbone, alone or combined with methods that only choose what
    /// trains; else null.
    /// </summary>
    private static SvpMethod? SvpOf(TuningMethod method) => method switch
    {
        SvpMethod svp => svp,
        CombinedMethod several when several.Parts.Where(p => p.AddsParameters).ToArray() is [SvpMethod only] => only,
        _ => null,
    };

    private static TuningMethod Replaced(TuningMethod method, SvpMethod svp) => method is CombinedMethod several
        ? new CombinedMethod([.. several.Parts.Select(p => p is SvpMethod
            ? svp : TuningMethods.Create(p.Name, p.Settings))])
        : svp;

    /// <summary>
    /// Whether the layout leaves every prompt its own parameters, so that an optimizer's moments can go with them.
    /// </summary>
    public static bool KeepsParameters(VisionMambaModel model, VisionMambaModel released) =>
        model.Method is not SvpMethod from || released.Method is not SvpMethod to
        || (from.Config.SharedLayers == to.Config.SharedLayers && from.Config.InnerWidth == to.Config.InnerWidth
            && from.Config.Prompts == to.Config.Prompts
            && (from.Config.PromptDepth == 0 || from.Config.PromptDepth == model.Config.Depth));

    /// <summary>
    /// <paramref name="tensor"/> in the first rows and columns of <paramref name="shape"/>, zeros elsewhere.
    /// </summary>
    public static Tensor Padded(Tensor tensor, ReadOnlySpan<int> shape, string name)
    {
        var result = new Tensor(shape) { Name = name };
        // prompt_scale has rows that no layer reads: those past 24 have no place there.
        for (int row = 0; row < Math.Min(tensor.Rows, result.Rows); row++)
        {
            tensor.Span.Slice(row * tensor.Columns, tensor.Columns)
                .CopyTo(result.Span.Slice(row * result.Columns, tensor.Columns));
        }

        return result;
    }

    /// <summary>How many layers share a cross prompt in the model and in the file, and how many are prompted.</summary>
    private readonly record struct Sharing(int From, int To, int Layers)
    {
        /// <summary>The model's group of the file's; -1 for one whose layers the model does not prompt.</summary>
        public int Source(int group) => group * To < Layers ? group * To / From : -1;
    }

    private static Tensor Take(ParameterSet from, Sharing sharing, string name, ReadOnlySpan<int> shape)
    {
        const string Cross = "prompt_generator_shared.";
        if (name == "prompt_shared_scale" && from.TryGet(name, out _))
            return Repeated(from[name], sharing, shape, name);
        string source = name;
        if (name.StartsWith(Cross, StringComparison.Ordinal))
        {
            string[] words = name[Cross.Length..].Split('.', 2);
            int group = int.Parse(words[0], System.Globalization.CultureInfo.InvariantCulture);
            source = $"{Cross}{sharing.Source(group)}.{words[1]}";
        }

        if (!from.TryGet(source, out Tensor? tensor))
            return new Tensor(shape) { Name = name }; // beyond the prompted layers, or left out: zero, like its scale
        if (!tensor.HasShape(shape))
            return Padded(tensor, shape, name);
        return source == name ? tensor.Alias() : Padded(tensor, shape, name);
    }

    private static Tensor Repeated(Tensor scale, Sharing sharing, ReadOnlySpan<int> shape, string name)
    {
        var result = new Tensor(shape) { Name = name };
        int dim = scale.Columns;
        for (int group = 0; group < shape[0]; group++)
        {
            if (sharing.Source(group) is var source and >= 0)
                scale.Span.Slice(source * dim, dim).CopyTo(result.Span.Slice(group * dim, dim));
        }

        return result;
    }

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);

    private static VisionMambaException Impossible(string what) => new(
        $"--layout released: the released code has no model with {what}; use --layout native or plain");
}

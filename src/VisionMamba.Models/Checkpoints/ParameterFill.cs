using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Models.Checkpoints;

/// <summary>
/// Makes a model of a file's tensors. The shapes are compared before anything is allocated, so a file that states
/// absurd sizes costs nothing. Frozen parameters view the mapped file; those that train are copied, unless the model is
/// only to answer (<see cref="LoadOptions.View"/>).
/// </summary>
internal sealed class ParameterFill(TensorFile file, LoadOptions options, Func<string, bool> wanted)
{
    // More names than anybody reads.
    private const int MostProblems = 20;

    /// <summary>
    /// The model; parameters that are not wanted from the file start from <paramref name="seed"/>. Missing, unexpected
    /// and mis-shaped names are one error that lists them. <paramref name="method"/> makes a new instance with each
    /// call.
    /// </summary>
    public VisionMambaModel Build(VisionMambaConfig config, Func<TuningMethod> method, ulong seed)
    {
        RefuseOtherModels(config);
        Compare(config, method());
        TuningMethod tuning = method();
        return new VisionMambaModel(
            config, tuning, seed, (name, shape) => wanted(name) ? Take(name, config, tuning) : null);
    }

    /// <summary>
    /// Whether a tensor in a file is no parameter, but something that a run keeps beside the model.
    /// </summary>
    public static bool IsExtra(string name) => name.Contains(':');

    /// <summary>Puts <paramref name="path"/> before what a file's own settings are refused for.</summary>
    public static T OfFile<T>(string path, Func<T> build)
    {
        try
        {
            return build();
        }
        catch (VisionMambaException e) when (!e.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw new VisionMambaException($"{path}: its settings are refused: {e.Message}", e);
        }
    }

    /// <summary>Models whose tensors have these names and shapes, and that compute something else.</summary>
    private void RefuseOtherModels(VisionMambaConfig config)
    {
        // Vim registers them where it turns all tokens by their places before every block (if_rope).
        if (file.Tensors.Keys.FirstOrDefault(n => n.StartsWith("rope.", StringComparison.Ordinal)) is { } rope)
            throw new VisionMambaException(
                $"{file.Path}: its {rope} says that the model uses rotary position embeddings, which are not "
                + "supported; the released Vim and SVP models have none");
        if (IsResized("pos_embed") && file.Tensors.TryGetValue("pos_embed", out StoredTensor? positions)
            && (positions.Shape.Length != 3 || positions.Shape[0] != 1 || !IsGrid(positions.Shape[1] - 1)
                || positions.Shape[2] != config.Dim))
            throw new VisionMambaException(
                $"{file.Path}: pos_embed is {Tensor.ShapeText(positions.Shape)}; to be resized it must be 1 x "
                + $"(grid^2 + 1) x {config.Dim}");
    }

    private static bool IsGrid(int patches) =>
        patches > 0 && (int)Math.Round(Math.Sqrt(patches)) is var side && side * side == patches;

    private bool IsResized(string name) => name == "pos_embed" && options.TargetImageSize is not null;

    private void Compare(VisionMambaConfig config, TuningMethod method)
    {
        var problems = new List<string>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        _ = new VisionMambaModel(config, method, seed: 0, (name, shape) =>
        {
            names.Add(name);
            if (!wanted(name))
                return Shapes.Declare(name, shape);
            if (!file.Tensors.TryGetValue(name, out StoredTensor? stored))
                problems.Add($"missing {name} {Tensor.ShapeText(shape)}");
            else if (!stored.Shape.SequenceEqual(shape) && !IsResized(name))
                problems.Add($"{name} is {Tensor.ShapeText(stored.Shape)}, expected {Tensor.ShapeText(shape)}");
            return Shapes.Declare(name, shape);
        });
        problems.AddRange(file.Tensors.Keys.Where(name => wanted(name) && !names.Contains(name) && !IsExtra(name))
            .Select(name => $"unexpected {name}"));
        if (problems.Count == 0)
            return;
        string more = problems.Count > MostProblems ? $"; and {problems.Count - MostProblems} more" : "";
        throw new VisionMambaException(
            $"{file.Path}: does not fit the model: {string.Join("; ", problems.Take(MostProblems))}{more}");
    }

    private Tensor Take(string name, VisionMambaConfig config, TuningMethod method)
    {
        StoredTensor stored = file.Tensors[name];
        if (IsResized(name))
        {
            Tensor resized = PositionEmbedding.Resize(stored.ToTensor(), config.Grid, options.PositionClassToken);
            return new Tensor(resized.Shape) { Name = name }.Filled(resized.Span);
        }

        return options.Copy || (method.Trains(name) && !options.View) ? stored.ToOwnedTensor() : stored.ToTensor();
    }
}

/// <summary>Parameters without memory, for comparing names and shapes.</summary>
internal static class Shapes
{
    public static Tensor Declare(string name, ReadOnlySpan<int> shape) => new(Storage.Unbacked, shape) { Name = name };

    public static Tensor Filled(this Tensor tensor, ReadOnlySpan<float> values)
    {
        values.CopyTo(tensor.Span);
        return tensor;
    }
}

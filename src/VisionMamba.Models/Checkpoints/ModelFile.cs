using System.Text.Json.Nodes;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Models.Checkpoints;

/// <summary>A model read from a file, with what the file says of it.</summary>
/// <param name="Model">The model with its parameters.</param>
/// <param name="Card">Classes, preprocessing, provenance.</param>
/// <param name="Notes">What had to be assumed, one line each, for people.</param>
public sealed record LoadedModel(VisionMambaModel Model, ModelCard Card, IReadOnlyList<string> Notes)
{
    /// <summary>Whether the position embeddings were resized, so that they are no longer the backbone's.</summary>
    public bool ResizedPositions { get; init; }

    /// <summary>Whether how cross prompts are read had to be assumed: another reading is another function.</summary>
    public bool AssumedCrossPrompts { get; init; }
}

/// <summary>Saves and loads whole models. A saved file needs nothing beside it.</summary>
public static class ModelFile
{
    /// <summary>Writes <paramref name="model"/> atomically. <paramref name="extra"/> adds tensors that are not
    /// parameters (an optimizer's state); their names must not be parameters' names.</summary>
    public static void Save(
        string path, VisionMambaModel model, ModelCard card, IEnumerable<(string Name, Tensor Tensor)>? extra = null,
        IReadOnlyDictionary<string, string>? extraMetadata = null)
    {
        Dictionary<string, string> metadata = ModelMetadata.Write(model, card);
        foreach ((string key, string value) in extraMetadata ?? new Dictionary<string, string>())
            metadata[key] = value;
        IEnumerable<(string, Tensor)> tensors = model.Parameters.All.Select(p => (p.Name!, p));
        SafetensorsWriter.Write(path, tensors.Concat(extra ?? []), metadata);
    }

    /// <summary>
    /// Loads any Vim or SVP checkpoint, .safetensors or .pth: sizes and tuning method are read from the file's metadata
    /// or inferred from its shapes. Missing, unexpected and mis-shaped names are one error that lists them.
    /// </summary>
    public static LoadedModel Load(string path, LoadOptions? options = null)
    {
        options ??= new LoadOptions();
        using TensorFile file = TensorFile.Open(path);
        PromptPack.RefusePackAs(file, "a whole model");
        var notes = new List<string>();
        VisionMambaConfig config = ReadConfig(file, options, notes);
        config = config with { ImageSize = options.TargetImageSize ?? config.ImageSize };
        (string name, JsonObject settings, bool assumed) = ReadMethod(file, config, options, notes);
        VisionMambaModel model = ParameterFill.OfFile(path, () => new ParameterFill(file, options, _ => true)
            .Build(config, () => TuningMethods.Create(name, settings), seed: 0));
        return new LoadedModel(model, ModelMetadata.ReadCard(file), notes) { AssumedCrossPrompts = assumed };
    }

    /// <summary>
    /// Loads the backbone of <paramref name="path"/> into a new model for another task: <paramref name="method"/>,
    /// number of classes and head are the caller's; the head and the method's parameters start anew. The model gets a
    /// method of that name and those settings, not the instance.
    /// </summary>
    public static LoadedModel LoadBackbone(
        string path, TuningMethod method, int classes, int headLayers, bool simAm, ulong seed,
        LoadOptions? options = null)
    {
        options ??= new LoadOptions();
        using TensorFile file = TensorFile.Open(path);
        PromptPack.RefusePackAs(file, "a backbone");
        var notes = new List<string>();
        VisionMambaConfig config = ReadConfig(file, options, notes) with
        {
            Classes = classes,
            HeadLayers = headLayers,
            SimAm = simAm,
        };
        bool resized = options.TargetImageSize is { } wanted && wanted != config.ImageSize;
        if (resized)
        {
            int size = options.TargetImageSize!.Value;
            notes.Add($"resizing the position embeddings from {config.ImageSize} to {size} px");
            config = config with { ImageSize = size };
        }

        // An optimizer's state and an average have a colon in their names.
        string[] left = [.. file.Tensors.Keys.Where(name => !BackboneContent.Includes(name)
            && !name.StartsWith("head.", StringComparison.Ordinal) && !name.Contains(':'))];
        if (left.Length > 0)
        {
            notes.Add($"left out: {left.Length} tensors that adapted it to its task ({left[0]}, ...), and its head; "
                + $"'{method.Name}' starts anew on its backbone");
        }

        VisionMambaModel model = new ParameterFill(file, options, BackboneContent.Includes)
            .Build(config, () => TuningMethods.Create(method.Name, method.Settings), seed);
        return new LoadedModel(model, ModelMetadata.ReadCard(file), notes) { ResizedPositions = resized };
    }

    /// <summary>How many blocks the model at <paramref name="path"/> has.</summary>
    public static int Depth(string path, LoadOptions options)
    {
        using TensorFile file = TensorFile.Open(path);
        PromptPack.RefusePackAs(file, "a backbone");
        return ReadConfig(file, options, []).Depth;
    }

    /// <summary>The configuration that a checkpoint records, or that its names and shapes imply.</summary>
    /// <exception cref="VisionMambaException">The caller says something else than what is recorded.</exception>
    public static VisionMambaConfig ReadConfig(TensorFile file, LoadOptions options, List<string> notes)
    {
        if (ModelMetadata.ReadConfig(file) is not { } recorded)
            return ConfigInference.Infer(file, options, notes);
        Agree(file, "--image-size", options.ImageSize, recorded.ImageSize);
        Agree(file, "--stride", options.Stride, recorded.Stride);
        Agree(file, "--simam", options.SimAm, recorded.SimAm);
        return recorded;
    }

    private static (string Name, JsonObject Settings, bool Assumed) ReadMethod(
        TensorFile file, VisionMambaConfig config, LoadOptions options, List<string> notes)
    {
        if (ModelMetadata.ReadMethod(file) is { } recorded)
        {
            JsonObject svp = recorded.Settings["svp"] as JsonObject ?? recorded.Settings;
            Agree(file, "--shared-layers", options.SharedLayers, (int?)svp["shared_layers"]);
            Agree(file, "--cross-prompt-source", options.CrossPromptSource, (string?)svp["cross_prompt_source"]);
            return (recorded.Name, recorded.Settings, Assumed: false);
        }

        Dictionary<string, int[]> shapes = file.Tensors.ToDictionary(t => t.Key, t => t.Value.Shape.ToArray());
        foreach (MethodRegistration registration in TuningMethods.All)
        {
            if (registration.FromShapes(shapes, config) is not { } method)
                continue;
            JsonObject settings = method.Settings;
            bool assumed = false;
            if (settings.ContainsKey("shared_layers"))
                settings["shared_layers"] = SharedLayers.Resolve(file, shapes, config, options, notes);
            if (settings.ContainsKey("cross_prompt_source"))
            {
                string? said = options.CrossPromptSource ?? options.UnrecordedCrossPromptSource;
                settings["cross_prompt_source"] = said ?? "token";
                assumed = said is null;
                if (assumed)
                {
                    notes.Add("the file does not say how its cross prompts are read: taking 'token' (the paper); for a "
                        + "model trained by the released Python code give --cross-prompt-source paired-halves");
                }
            }

            return (registration.Name, settings, assumed);
        }

        return ("full", [], Assumed: false);
    }

    private static void Agree<T>(TensorFile file, string flag, T? said, T? recorded)
    {
        if (said is not null && !said.Equals(recorded))
        {
            throw new VisionMambaException(recorded is null
                ? $"{file.Path}: records a model that has no {flag}; leave it out"
                : $"{file.Path}: records {recorded}, not {flag} {said}; leave it out");
        }
    }
}

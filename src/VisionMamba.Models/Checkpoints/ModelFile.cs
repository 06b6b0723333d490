using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Models.Checkpoints;

/// <summary>A model read from a file, with what the file says of it.</summary>
/// <param name="Model">The model with its parameters.</param>
/// <param name="Card">Classes, preprocessing, provenance.</param>
/// <param name="Notes">What had to be assumed, one line each, for people.</param>
public sealed record LoadedModel(VisionMambaModel Model, ModelCard Card, IReadOnlyList<string> Notes);

/// <summary>Saves and loads whole models. A saved file needs nothing beside it.</summary>
public static class ModelFile
{
    private const string ConfigKey = "visionmamba.config", MethodKey = "visionmamba.method", CardKey = "visionmamba.card";
    private const string Format = "visionmamba.format", Version = "1";

    // Buffers that Vim's optional rotary embedding registers; they follow from the sizes and are not parameters.
    private static readonly string[] s_ignored = ["rope.freqs_cos", "rope.freqs_sin"];

    /// <summary>Writes <paramref name="model"/> atomically. <paramref name="extra"/> adds tensors that are not parameters
    /// (an optimizer's state); their names must not be parameters' names.</summary>
    public static void Save(
        string path, VisionMambaModel model, ModelCard card,
        IEnumerable<(string Name, Tensor Tensor)>? extra = null, IReadOnlyDictionary<string, string>? extraMetadata = null)
    {
        var metadata = new Dictionary<string, string>(extraMetadata ?? new Dictionary<string, string>())
        {
            [Format] = Version,
            [ConfigKey] = ConfigJson.Write(model.Config).ToJsonString(),
            [MethodKey] = new JsonObject { ["name"] = model.Method.Name, ["settings"] = model.Method.Settings }.ToJsonString(),
            [CardKey] = new JsonObject
            {
                ["classes"] = new JsonArray([.. card.Classes.Select(c => (JsonNode)c)]),
                ["preprocessing"] = card.Preprocessing?.DeepClone(),
                ["provenance"] = card.Provenance.DeepClone(),
            }.ToJsonString(),
        };
        IEnumerable<(string, Tensor)> tensors = model.Parameters.All.Select(p => (p.Name!, p));
        SafetensorsWriter.Write(path, tensors.Concat(extra ?? []), metadata);
    }

    /// <summary>
    /// Loads any Vim or SVP checkpoint, .safetensors or .pth: sizes and tuning method are read from the file's metadata or
    /// inferred from its shapes. Missing, unexpected and mis-shaped names are one error that lists them.
    /// </summary>
    public static LoadedModel Load(string path, LoadOptions? options = null)
    {
        options ??= new LoadOptions();
        TensorFile file = TensorFile.Open(path);
        var notes = new List<string>();
        VisionMambaConfig config = ReadConfig(file, options, notes);
        TuningMethod method = ReadMethod(file, config, options, notes);
        var model = new VisionMambaModel(config, method, seed: 0);
        Fill(model, file, options, _ => true);
        return new LoadedModel(model, ReadCard(file), notes);
    }

    /// <summary>
    /// Loads the backbone of <paramref name="path"/> into a new model for another task: <paramref name="method"/>, number of
    /// classes and head are the caller's; the head and the method's parameters start anew.
    /// </summary>
    public static LoadedModel LoadBackbone(
        string path, TuningMethod method, int classes, int headLayers, bool simAm, ulong seed, LoadOptions? options = null)
    {
        options ??= new LoadOptions();
        TensorFile file = TensorFile.Open(path);
        var notes = new List<string>();
        VisionMambaConfig config = ReadConfig(file, options, notes) with
        {
            Classes = classes,
            HeadLayers = headLayers,
            SimAm = simAm,
        };
        if (options.TargetImageSize is { } size && size != config.ImageSize)
        {
            notes.Add($"resizing the position embeddings from {config.ImageSize} to {size} px");
            config = config with { ImageSize = size };
        }

        var model = new VisionMambaModel(config, method, seed);
        Fill(model, file, options, IsBackbone);
        return new LoadedModel(model, ReadCard(file), notes);
    }

    /// <summary>The names and shapes of a checkpoint and the configuration they imply.</summary>
    public static VisionMambaConfig ReadConfig(TensorFile file, LoadOptions options, List<string> notes)
    {
        try
        {
            if (file.Metadata.TryGetValue(ConfigKey, out string? json))
                return ConfigJson.Read((JsonObject)JsonNode.Parse(json)!);
        }
        catch (Exception e) when (e is JsonException or InvalidCastException or InvalidOperationException or FormatException)
        {
            throw new VisionMambaException($"{file.Path}: its metadata {ConfigKey} is malformed ({e.Message})", e);
        }

        return ConfigInference.Infer(file, options, notes);
    }

    private static TuningMethod ReadMethod(TensorFile file, VisionMambaConfig config, LoadOptions options, List<string> notes)
    {
        if (file.Metadata.TryGetValue(MethodKey, out string? json))
        {
            JsonNode node = Parse(file, MethodKey, json);
            return TuningMethods.Create((string?)node["name"] ?? "", node["settings"] as JsonObject ?? []);
        }

        Dictionary<string, int[]> shapes = file.Tensors.ToDictionary(t => t.Key, t => t.Value.Shape.ToArray());
        foreach (MethodRegistration registration in TuningMethods.All)
        {
            if (registration.FromShapes(shapes, config) is not { } method)
                continue;
            JsonObject settings = method.Settings;
            if (settings.ContainsKey("cross_prompt_source"))
            {
                settings["cross_prompt_source"] = options.CrossPromptSource ?? "token";
                if (options.CrossPromptSource is null)
                {
                    notes.Add("the file does not say how its cross prompts are read: taking 'token' (the paper); for a model "
                        + "trained by the released Python code give --cross-prompt-source paired-halves");
                }
            }

            return registration.FromSettings(settings);
        }

        return TuningMethods.Create("full", []);
    }

    private static ModelCard ReadCard(TensorFile file)
    {
        if (!file.Metadata.TryGetValue(CardKey, out string? json))
            return new ModelCard();
        JsonNode node = Parse(file, CardKey, json);
        return new ModelCard
        {
            Classes = [.. (node["classes"] as JsonArray ?? []).Select(c => (string?)c ?? "")],
            Preprocessing = node["preprocessing"] as JsonObject,
            Provenance = node["provenance"] as JsonObject ?? [],
        };
    }

    private static JsonObject Parse(TensorFile file, string key, string json)
    {
        try
        {
            return (JsonObject)JsonNode.Parse(json)!;
        }
        catch (Exception e) when (e is JsonException or InvalidCastException)
        {
            throw new VisionMambaException($"{file.Path}: its metadata {key} is malformed ({e.Message})", e);
        }
    }

    private static bool IsBackbone(string name) =>
        name is "cls_token" or "pos_embed" || name.StartsWith("patch_embed.", StringComparison.Ordinal)
        || name.StartsWith("layers.", StringComparison.Ordinal) || name.StartsWith("norm_f.", StringComparison.Ordinal);

    /// <summary>Frozen parameters view the mapped file; those that train are copied.</summary>
    private static void Fill(VisionMambaModel model, TensorFile file, LoadOptions options, Func<string, bool> wanted)
    {
        var problems = new List<string>();
        foreach (Tensor parameter in model.Parameters.All.Where(p => wanted(p.Name!)))
        {
            if (!file.Tensors.TryGetValue(parameter.Name!, out StoredTensor? stored))
                problems.Add($"missing {parameter.Name} {Tensor.ShapeText(parameter.Shape)}");
            else if (parameter.Name == "pos_embed" && options.TargetImageSize is not null && stored.Shape[2] == parameter.Columns)
                PositionEmbedding.Resize(stored.ToTensor(), model.Config.Grid, options.PositionClassToken).Span.CopyTo(parameter.Span);
            else if (!parameter.HasShape(stored.Shape))
                problems.Add($"{parameter.Name} is {Tensor.ShapeText(stored.Shape)}, expected {Tensor.ShapeText(parameter.Shape)}");
            else if (options.Copy || parameter.NeedsGradient)
                stored.CopyTo(parameter.Span);
            else
                parameter.Adopt(stored);
        }

        IEnumerable<string> unexpected = file.Tensors.Keys.Where(name =>
            wanted(name) && !model.Parameters.TryGet(name, out _) && !s_ignored.Contains(name) && !name.Contains(':'));
        problems.AddRange(unexpected.Select(name => $"unexpected {name}"));
        if (problems.Count > 0)
            throw new VisionMambaException($"{file.Path}: does not fit the model: {string.Join("; ", problems)}");
    }
}

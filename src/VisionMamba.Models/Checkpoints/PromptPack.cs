using System.Text.Json.Nodes;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Models.Checkpoints;

/// <summary>
/// What a model adds to its backbone, in one small safetensors file: prompts, head and all else that trained, class
/// names, preprocessing, method and settings, provenance, and which backbone it belongs to by content hash. With that
/// backbone it gives the logits of the whole model bit for bit.
/// </summary>
public sealed class PromptPack
{
    private const string Key = "visionmamba.pack", Version = "1";
    private readonly Dictionary<string, Tensor> _tensors;
    private readonly string _method;
    private readonly JsonObject _settings;

    private PromptPack(TensorFile file)
    {
        Path = file.Path;
        (BackboneHash, BackboneName) = ModelMetadata.Read(file, Key, ReadBackbone);
        Config = ModelMetadata.ReadConfig(file)
            ?? throw new VisionMambaException($"{Path}: does not say its architecture; make the pack again");
        Card = ModelMetadata.ReadCard(file);
        (_method, _settings) = ModelMetadata.ReadMethod(file)
            ?? throw new VisionMambaException($"{Path}: does not say its tuning method; make the pack again");
        _tensors = file.Tensors.ToDictionary(t => t.Key, t => t.Value.ToOwnedTensor(), StringComparer.Ordinal);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The architecture of the whole model, head included.</summary>
    public VisionMambaConfig Config { get; }

    /// <summary>Classes, preprocessing, provenance with metrics.</summary>
    public ModelCard Card { get; }

    /// <summary>The name of the backbone's file when the pack was made, for people.</summary>
    public string BackboneName { get; }

    /// <summary>The content hash of the backbone without the tensors that the pack itself holds.</summary>
    public string BackboneHash { get; }

    /// <summary>The tuning method's name.</summary>
    public string MethodName => _method;

    /// <summary>The tuning method's settings.</summary>
    public JsonObject MethodSettings => (JsonObject)_settings.DeepClone();

    /// <summary>Its tensors by name, in the order of the file.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <summary>Opens a pack that <see cref="Save"/> wrote and checks it.</summary>
    /// <exception cref="VisionMambaException">Missing, damaged, or not a pack.</exception>
    public static PromptPack Open(string path)
    {
        using TensorFile file = TensorFile.Open(path);
        if (!IsPack(file))
        {
            throw new VisionMambaException(
                $"{path}: is not a prompt pack; make one with svp pack create, or give this file as --checkpoint");
        }

        var pack = new PromptPack(file);
        pack.Check();
        return pack;
    }

    /// <summary>Whether the file is a pack.</summary>
    public static bool IsPack(TensorFile file) => file.Metadata.ContainsKey(Key);

    /// <summary>
    /// Writes the pack of <paramref name="model"/> atomically. <paramref name="backboneName"/> is the file name of its
    /// backbone; <paramref name="ownPositions"/> says that its position embeddings were resized, so that they belong to
    /// the pack.
    /// </summary>
    /// <exception cref="VisionMambaException">
    /// The method changes the whole backbone: its pack would be the model.
    /// </exception>
    public static void Save(string path, VisionMambaModel model, ModelCard card, string backboneName, bool ownPositions)
    {
        bool IsOwn(Tensor p) =>
            p.NeedsGradient || !BackboneContent.Includes(p.Name!) || (ownPositions && p.Name == "pos_embed");
        List<Tensor> own = [.. model.Parameters.All.Where(IsOwn)];
        List<Tensor> shared = [.. model.Parameters.All.Where(p => !IsOwn(p))];
        if (shared.Count == 0)
        {
            throw new VisionMambaException(
                $"{path}: no pack was written, because the method '{model.Method.Name}' changes the whole backbone: "
                + "its pack would be the model itself; use the checkpoint");
        }

        string hash = BackboneContent.Hash(
            shared.Select(t => (t.Name!, t.Shape.ToArray(), BackboneContent.Digest(t))));
        Dictionary<string, string> metadata = ModelMetadata.Write(model, card);
        metadata[Key] = new JsonObject
        {
            ["format"] = Version,
            ["hash"] = BackboneContent.Scheme,
            ["backbone_hash"] = hash,
            ["backbone_name"] = backboneName,
        }.ToJsonString();
        SafetensorsWriter.Write(path, own.Select(p => (p.Name!, p)), metadata);
    }

    /// <summary>
    /// The whole model on <paramref name="backbone"/>, whose weights it shares. Any number of packs may be attached to
    /// one backbone.
    /// </summary>
    /// <exception cref="VisionMambaException">
    /// It is not the backbone the pack was made with; both are named.
    /// </exception>
    public LoadedModel Attach(Backbone backbone)
    {
        string found = backbone.Hash(_tensors.Keys.ToHashSet(StringComparer.Ordinal));
        if (found != BackboneHash)
        {
            string narrow = backbone.IsNarrow ? "; it is stored in fp16 or bf16, which rounds its numbers" : "";
            throw new VisionMambaException(
                $"{backbone.Path}: is not the backbone of {Path}: expected '{BackboneName}' ({Config.Depth} layers of "
                + $"width {Config.Dim}, content {BackboneHash}), found {backbone.Describe()}, content {found}{narrow}; "
                + "give the checkpoint that the pack was trained on");
        }

        VisionMambaModel model = Build((name, shape) => Own(name) ?? backbone.Share(name, shape));
        return new LoadedModel(model, Card, []);
    }

    /// <summary>A line for a pack that was given as something else.</summary>
    internal static void RefusePackAs(TensorFile file, string what)
    {
        if (IsPack(file))
        {
            throw new VisionMambaException(
                $"{file.Path}: is a prompt pack, not {what}; "
                + "svp predict, evaluate and explain take it as --pack, beside its --backbone");
        }
    }

    private static (string Hash, string Name) ReadBackbone(JsonObject json)
    {
        string format = Text(json, "format"), hash = Text(json, "hash");
        return format == Version && hash == BackboneContent.Scheme
            ? (Text(json, "backbone_hash"), Text(json, "backbone_name"))
            : throw new FormatException(
                $"format '{format}' with hash '{hash}', where this version reads '{Version}' with "
                + $"'{BackboneContent.Scheme}'");
    }

    private VisionMambaModel Build(ParameterSource source) =>
        new(Config, TuningMethods.Create(_method, MethodSettings), seed: 0, source);

    private Tensor? Own(string name) => _tensors.TryGetValue(name, out Tensor? tensor) ? tensor.Alias() : null;

    /// <summary>Declares the model without memory, to see that the pack has what it needs and no more.</summary>
    private void Check()
    {
        var problems = new List<string>();
        var left = new HashSet<string>(_tensors.Keys, StringComparer.Ordinal);
        ParameterFill.OfFile(Path, () => Build((name, shape) =>
        {
            left.Remove(name);
            if (!_tensors.TryGetValue(name, out Tensor? tensor))
                problems.AddRange(BackboneContent.Includes(name) ? [] : [$"missing {name} {Tensor.ShapeText(shape)}"]);
            else if (!tensor.HasShape(shape))
                problems.Add($"{name} is {Tensor.ShapeText(tensor.Shape)}, expected {Tensor.ShapeText(shape)}");
            return Shapes.Declare(name, shape);
        }));
        problems.AddRange(left.Select(name => $"unexpected {name}"));
        if (problems.Count > 0)
            throw new VisionMambaException($"{Path}: does not fit its own settings: {string.Join("; ", problems)}");
        if (Card.Classes.Count > 0 && Card.Classes.Count != Config.Classes)
        {
            throw new VisionMambaException(
                $"{Path}: names {Card.Classes.Count} classes, but its head tells {Config.Classes} apart");
        }
    }

    private static string Text(JsonObject json, string key) =>
        (string?)json[key] ?? throw new FormatException($"'{key}' is missing");
}

using System.Collections.Concurrent;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Models.Checkpoints;

/// <summary>
/// A backbone's weights, opened once and shared by any number of models: <see cref="PromptPack.Attach"/> copies none of
/// them. They are only read, so models on one backbone may run at the same time on the CPU, each in a session with a
/// backend of its own. A GPU keeps one copy of them, for one backend at a time.
/// </summary>
public sealed class Backbone
{
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _digests = new(StringComparer.Ordinal);

    private Backbone(TensorFile file, bool copy)
    {
        Path = file.Path;
        foreach ((string name, StoredTensor stored) in file.Tensors.Where(t => BackboneContent.Includes(t.Key)))
        {
            _tensors[name] = copy ? stored.ToOwnedTensor() : stored.ToTensor();
            IsNarrow |= stored.Type is ElementType.F16 or ElementType.BF16;
        }
    }

    /// <summary>The file it was read from.</summary>
    public string Path { get; }

    /// <summary>
    /// Whether some of it is stored in fp16 or bf16, which makes it another backbone than the fp32 one.
    /// </summary>
    public bool IsNarrow { get; }

    /// <summary>How many numbers it holds.</summary>
    public long Count => _tensors.Values.Sum(t => t.Count);

    /// <summary>
    /// Opens any Vim or SVP checkpoint, .pth or .safetensors, for its backbone; head, prompts and all else are ignored.
    /// fp32 weights are mapped, not read, unless <paramref name="copy"/> asks for memory of their own.
    /// </summary>
    /// <exception cref="VisionMambaException">The file is missing, damaged, or no Vision Mamba checkpoint.</exception>
    public static Backbone Open(string path, bool copy = false)
    {
        using TensorFile file = TensorFile.Open(path);
        PromptPack.RefusePackAs(file, "a backbone");
        if (!file.Tensors.ContainsKey("patch_embed.proj.weight") || !file.Tensors.ContainsKey("pos_embed"))
        {
            throw new VisionMambaException(
                $"{path}: holds no Vision Mamba backbone (patch_embed.proj.weight and pos_embed are missing); give the "
                + "checkpoint that the pack was trained on");
        }

        return new Backbone(file, copy);
    }

    /// <summary>
    /// The content hash (see <see cref="BackboneContent"/>) of all its tensors but those called
    /// <paramref name="except"/>; the numbers are read once, whatever is left out.
    /// </summary>
    public string Hash(IReadOnlySet<string> except) => BackboneContent.Hash(_tensors
        .Where(t => !except.Contains(t.Key))
        .Select(t => (t.Key, t.Value.Shape.ToArray(), _digests.GetOrAdd(t.Key, _ => BackboneContent.Digest(t.Value)))));

    /// <summary>A tensor over the shared memory; null where it is missing or has another shape.</summary>
    internal Tensor? Share(string name, ReadOnlySpan<int> shape) =>
        _tensors.TryGetValue(name, out Tensor? tensor) && tensor.HasShape(shape) ? tensor.Alias() : null;

    /// <summary>Its sizes for people, e.g. "24 layers of width 384".</summary>
    internal string Describe() =>
        $"{_tensors.Keys.Count(n => n.EndsWith(".mixer.in_proj.weight", StringComparison.Ordinal))} layers of width "
        + $"{_tensors["patch_embed.proj.weight"].Shape[0]}";
}

using System.Text.Json;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Training.Losses;

namespace VisionMamba.Cli.Devices;

/// <summary>
/// Forward and backward passes of the published implementation, recorded: logits, loss and every gradient, computed
/// again on a device. The folder's manifest.json says for each case which checkpoint, which recorded tensors, and what
/// the checkpoint leaves open.
/// </summary>
internal sealed class RecordedCases
{
    private readonly string _folder;
    private readonly JsonElement[] _cases;

    /// <summary>Reads the manifest.</summary>
    /// <exception cref="UsageException">There is none, or it records no gradients.</exception>
    public RecordedCases(string folder)
    {
        string manifest = Path.Combine(_folder = folder, "manifest.json");
        if (!File.Exists(manifest))
            throw new UsageException($"--reference {folder}: has no manifest.json; give a folder of recorded cases");
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(manifest));
            _cases = [.. document.RootElement.EnumerateArray()
                .Where(e => e.GetProperty("kind").GetString() == "forward_backward").Select(e => e.Clone())];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new UsageException(
                $"--reference {folder}: manifest.json cannot be read ({e.Message}); record it anew");
        }

        if (_cases.Length == 0)
            throw new UsageException($"--reference {folder}: manifest.json names no case of kind forward_backward");
    }

    /// <summary>The checks by name; each says "ok" with its figure, or what is wrong.</summary>
    public IEnumerable<(string Name, Func<string> Run)> All(Backend device, double allowed) => _cases.Select(
        c => ($"recorded_{c.GetProperty("name").GetString()}", (Func<string>)(() => Check(c, device, allowed))));

    private string Check(JsonElement recorded, Backend device, double allowed)
    {
        using TensorFile tensors = TensorFile.Open(PathOf(recorded, "tensors"));
        VisionMambaModel model = Load(PathOf(recorded, "checkpoint"), recorded.GetProperty("config"));
        Dictionary<string, float[]> expected = tensors.Tensors
            .Where(t => t.Key is "logits" or "loss" || t.Key.StartsWith("grad.", StringComparison.Ordinal))
            .ToDictionary(t => t.Key, t => t.Value.ToTensor().Span.ToArray());
        Dictionary<string, float[]> actual = Compute(
            model, device, tensors.Tensors["image"].ToTensor(), tensors.Tensors["target"].ToInt64(),
            recorded.GetProperty("label_smoothing").GetDouble());
        string[] unrecorded = [.. actual.Keys.Except(expected.Keys)];
        return unrecorded.Length > 0 ? $"wrong: {unrecorded[0]} is not recorded"
            : NumbersApart.Judge(expected, actual, allowed);
    }

    private static Dictionary<string, float[]> Compute(
        VisionMambaModel model, Backend device, Tensor image, long[] labels, double smoothing)
    {
        var result = new Dictionary<string, float[]>();
        Tensor targets = SoftTargets.Of([.. labels.Select(l => (int)l)], model.Config.Classes, smoothing);
        using var session = new ModelSession(model, device);
        double loss = session.Gradients(image, ForwardContext.Evaluation, new SeenLoss(targets, result));
        result["loss"] = [(float)loss];
        foreach (Tensor parameter in model.Parameters.Trainable)
            result[$"grad.{parameter.Name}"] = parameter.Gradient!.Span.ToArray();
        return result;
    }

    private sealed class SeenLoss(Tensor targets, Dictionary<string, float[]> result) : ILoss
    {
        public LossParts Of(Tape tape, Tensor logits)
        {
            result["logits"] = logits.Span.ToArray();
            return new LossParts(tape.SoftmaxCrossEntropy(logits, tape.Input(targets)));
        }
    }

    /// <summary>The checkpoint with the few facts that its shapes leave open.</summary>
    private static VisionMambaModel Load(string path, JsonElement config) => ModelFile.Load(path, new LoadOptions
    {
        ImageSize = config.GetProperty("img_size").GetInt32(),
        Stride = config.TryGetProperty("stride", out JsonElement stride) ? stride.GetInt32() : null,
        CrossPromptSource = config.GetProperty("transfer_type").GetString() != "prompt" ? null
            : config.TryGetProperty("cross_prompt_source", out JsonElement source) ? source.GetString()
            : "paired-halves",
        SimAm = config.GetProperty("input_relu").GetBoolean(),
    }).Model;

    private string PathOf(JsonElement recorded, string key) =>
        Path.Combine(_folder, recorded.GetProperty(key).GetString()!);
}

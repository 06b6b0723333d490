using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Models.Checkpoints;

/// <summary>How an exported file names and shapes its tensors.</summary>
public enum CheckpointLayout
{
    /// <summary>As the model is here, with its metadata.</summary>
    Native,

    /// <summary>
    /// As the released SVP code makes them (see <see cref="ReleasedLayout"/>), with our metadata beside.
    /// </summary>
    Released,

    /// <summary>The state dict alone, without any metadata.</summary>
    Plain,
}

/// <summary>Writes models for other programs.</summary>
public static class ModelExport
{
    /// <summary>
    /// Writes a .safetensors file; the numbers are stored as <paramref name="type"/>, rounded to nearest even.
    /// </summary>
    /// <exception cref="VisionMambaException">The layout has no such model, or the file cannot be written.</exception>
    public static void Safetensors(
        string path, VisionMambaModel model, ModelCard card, CheckpointLayout layout, ElementType type,
        List<string> notes)
    {
        VisionMambaModel shaped = layout == CheckpointLayout.Released ? ReleasedLayout.Of(model, notes) : model;
        SafetensorsWriter.Write(
            path, Tensors(shaped).Select(p => (p.Name!, p)),
            layout == CheckpointLayout.Plain ? null : ModelMetadata.Write(shaped, card), type);
    }

    /// <summary>
    /// Writes a .pth file for torch.load: a dict with the state dict under "model", or for
    /// <see cref="CheckpointLayout.Plain"/> the state dict itself. Our metadata are texts beside it, so that the file
    /// is read here as it was and weights_only still opens it; <paramref name="training"/> adds what the caller has,
    /// made for the shaped model.
    /// </summary>
    /// <exception cref="VisionMambaException">The layout has no such model, or the file cannot be written.</exception>
    public static void Torch(
        string path, VisionMambaModel model, ModelCard card, CheckpointLayout layout, ElementType type,
        List<string> notes, Func<VisionMambaModel, TorchDict>? training = null)
    {
        VisionMambaModel shaped = layout == CheckpointLayout.Released ? ReleasedLayout.Of(model, notes) : model;
        TorchDict state = StateDict(shaped);
        if (layout == CheckpointLayout.Plain)
        {
            TorchArchiveWriter.Write(path, state, type);
            return;
        }

        var root = new TorchDict { { "model", state } };
        foreach ((object key, object? value) in training?.Invoke(shaped) ?? [])
            root.Add(key, value);
        foreach ((string key, string value) in ModelMetadata.Write(shaped, card))
            root.Add(key, value);
        TorchArchiveWriter.Write(path, root, type);
    }

    /// <summary>The parameters of <paramref name="model"/> as an OrderedDict in the released order.</summary>
    public static TorchDict StateDict(VisionMambaModel model)
    {
        TorchDict state = TorchDict.Ordered();
        foreach (Tensor parameter in Tensors(model))
            state.Add(parameter.Name!, parameter);
        return state;
    }

    private static IEnumerable<Tensor> Tensors(VisionMambaModel model) => ReleasedOrder.Of(model.Parameters);
}

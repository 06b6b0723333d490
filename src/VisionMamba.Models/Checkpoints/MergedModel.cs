using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Checkpoints;

/// <summary>
/// A model whose tuning method was written into the backbone's weights: a plain Vision Mamba, or one with what is left
/// of a combination. It computes the same function; only its rounding differs.
/// </summary>
public static class MergedModel
{
    /// <summary>
    /// The merged model, sharing all weights that stay as they are; the model itself where its method does not merge.
    /// </summary>
    public static VisionMambaModel Of(VisionMambaModel model)
    {
        TuningMethod method = model.Method;
        if (!method.Merges)
            return model;
        TuningMethod rest = method.Rest;
        return new VisionMambaModel(
            method.MergedConfig(model.Config), TuningMethods.Create(rest.Name, rest.Settings), seed: 0,
            (name, _) => Merged(method, name, model.Parameters[name]));
    }

    private static Tensor Merged(TuningMethod method, string name, Tensor weight)
    {
        Tensor merged = method.MergeWider(name, method.Merge(name, weight));
        return ReferenceEquals(merged, weight) ? weight.Alias() : merged;
    }
}

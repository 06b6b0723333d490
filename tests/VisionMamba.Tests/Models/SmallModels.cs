using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Tests.Models;

/// <summary>Small models of any method with prompts that act, and their logits on a fixed picture.</summary>
internal static class SmallModels
{
    public static readonly VisionMambaConfig Config = VisionMambaConfig.OfWidth(20) with
    {
        Depth = 4,
        ImageSize = 24,
        Patch = 8,
        Stride = 4,
        Classes = 5,
        State = 3,
    };

    public static VisionMambaModel Create(
        string method, string settings = """{"shared_layers":2}""", VisionMambaConfig? config = null, ulong seed = 4,
        ParameterSource? source = null)
    {
        var model = new VisionMambaModel(
            config ?? Config, TuningMethods.Create(method, (JsonObject)JsonNode.Parse(settings)!), seed, source);
        foreach (Tensor scale in model.Parameters.All.Where(p => p.Name!.Contains("scale", StringComparison.Ordinal)))
        {
            for (int i = 0; i < scale.Span.Length; i++)
                scale.Span[i] = 0.2f + (0.01f * (i % 17));
        }

        return model;
    }

    /// <summary>
    /// A model of <paramref name="method"/> on the backbone of <paramref name="from"/>, with a head of its own.
    /// </summary>
    public static VisionMambaModel On(
        VisionMambaModel from, string method, string settings = """{"shared_layers":2}""", ulong seed = 9) =>
        Create(
            method, settings, from.Config, seed,
            (name, _) => VisionMamba.Models.Checkpoints.BackboneContent.Includes(name)
                ? from.Parameters[name].Alias() : null);

    public static float[] Logits(VisionMambaModel model)
    {
        using var backend = new CpuBackend(1);
        using var session = new ModelSession(model, backend);
        int size = model.Config.ImageSize;
        return session.Logits([.. Enumerable.Range(0, 3 * size * size).Select(i => MathF.Cos(i))], 1);
    }
}

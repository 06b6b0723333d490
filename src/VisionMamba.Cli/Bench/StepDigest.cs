using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Training.Losses;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Cli.Bench;

/// <summary>
/// One number for everything that a training step computes: logits, loss, all gradients and all updated weights of a
/// fixed model on fixed images. A change of kernels that is meant to keep the results keeps it; the number of threads,
/// and AVX2 instead of AVX-512, do not change it. Without fused multiply-add it is another number.
/// </summary>
internal static class StepDigest
{
    /// <summary>A model that takes milliseconds; its widths, lengths and classes fill no vector.</summary>
    public const string Miniature = "miniature";

    private const int Batch = 2, Digits = 16;

    private static readonly VisionMambaConfig s_miniature = VisionMambaConfig.OfWidth(36) with
    {
        Depth = 4,
        ImageSize = 56,
        Patch = 8,
        Stride = 8,
        Classes = 7,
    };

    /// <summary>The architecture called <paramref name="name"/>: a preset or <see cref="Miniature"/>.</summary>
    public static VisionMambaConfig? Find(string name) => name == Miniature ? s_miniature
        : VisionMambaConfig.Presets.GetValueOrDefault(name) is { } preset ? preset with { Classes = 100 } : null;

    /// <summary>The digests of one SVP step and one full step of every model, and of all of them as "digest".</summary>
    public static JsonObject Of(IEnumerable<string> models, Backend backend)
    {
        var report = new JsonObject();
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string model in models)
        {
            foreach (string method in new[] { "svp", "full" })
            {
                byte[] hash = Step(Find(model)!, method, backend);
                all.AppendData(hash);
                report[$"{model} {method}"] = Text(hash);
            }
        }

        report["digest"] = Text(all.GetHashAndReset());
        return report;
    }

    private static byte[] Step(VisionMambaConfig config, string method, Backend backend)
    {
        var settings = new JsonObject();
        if (method == "svp")
            settings["shared_layers"] = config.Depth / 2;
        var model = new VisionMambaModel(config, TuningMethods.Create(method, settings), seed: 1);
        // New prompts have no effect and no gradient: their scales are zero.
        foreach (Tensor scale in model.Parameters.All.Where(p => p.Name!.Contains("scale", StringComparison.Ordinal)))
            Fill(scale, 0.2f, stream: 3);
        var image = new Tensor(Batch, config.Channels, config.ImageSize, config.ImageSize);
        Fill(image, 2, stream: 2);
        using var session = new ModelSession(model, backend);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes(session.Logits(image.Span, Batch).AsSpan()));
        Tensor targets = SoftTargets.Of([.. Enumerable.Range(0, Batch)], config.Classes, 0.1);
        float loss = session.Gradients(image, targets, new ForwardContext(true, new Rng(1, 5), DropPath: 0.1f));
        hash.AppendData(BitConverter.GetBytes(loss));
        foreach (Tensor parameter in model.Parameters.Trainable)
            hash.AppendData(MemoryMarshal.AsBytes(parameter.Gradient!.Span));
        new AdamWOptimizer(model.Parameters, 0.05).Step(backend, 1e-3);
        foreach (Tensor parameter in model.Parameters.Trainable)
            hash.AppendData(MemoryMarshal.AsBytes(parameter.Span));
        return hash.GetHashAndReset();
    }

    /// <summary>Uniform numbers about 0 within half a <paramref name="range"/>.</summary>
    private static void Fill(Tensor tensor, float range, ulong stream)
    {
        var rng = new Rng(1, stream);
        Span<float> values = tensor.Span;
        for (int i = 0; i < values.Length; i++)
            values[i] = (rng.Uniform((ulong)i) - 0.5f) * range;
    }

    private static string Text(byte[] hash) =>
        Convert.ToHexString(hash)[..Digits].ToLower(CultureInfo.InvariantCulture);
}

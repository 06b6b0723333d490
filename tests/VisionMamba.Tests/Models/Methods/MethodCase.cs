using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Ops;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Models.Methods;

/// <summary>A method with settings on a small model: how its oracle is made and how many numbers it trains.</summary>
internal sealed record MethodCase(
    string Method, string Settings, Func<VisionMambaConfig, IReadOnlyDictionary<string, Block>, VimOracle> Oracle,
    long Trained)
{
    private const int Batch = 2, D = 12, E = 24, Head = (5 * D) + 5;

    /// <summary>9 patches, 10 tokens, the class token at 4.</summary>
    public static VisionMambaConfig Config { get; } = VisionMambaConfig.OfWidth(D) with
    {
        Depth = 3,
        ImageSize = 12,
        Patch = 4,
        Stride = 4,
        Classes = 5,
        State = 3,
        Rank = 2,
    };

    public static IReadOnlyList<MethodCase> All { get; } =
    [
        new("bitfit", "{}", MethodOracles.Plain, Head + D + (3 * 4 * E)),
        new("partial", """{"blocks":2}""", MethodOracles.Plain, Head + D + (2 * Block())),
        new("vp", """{"size":2}""", (c, p) => MethodOracles.Vp(c, p, 2, corner: false), Head + (4 * 3 * 2 * (12 - 2))),
        new("vp", """{"size":5,"placement":"patch"}""", (c, p) => MethodOracles.Vp(c, p, 5, corner: true),
            Head + (3 * 25)),
        new("vp", """{"placement":"full"}""", (c, p) => MethodOracles.Vp(c, p, 12, corner: true), Head + (3 * 144)),
        Vpt("prefix", "ppp....c.....", deep: false),
        Vpt("suffix", "....c.....ppp", deep: false),
        Vpt("ends", "pp....c.....p", deep: false),
        Vpt("middle", "....ppcp.....", deep: false),
        Vpt("spread", "...p.c.p..p..", deep: false),
        Vpt("prefix", "ppp....c.....", deep: true),
        Vpt("middle", "....ppcp.....", deep: true),
        Vpt("spread", "...p.c.p..p..", deep: true, project: 4),
        new("affix", """{"tokens":2}""", (c, p) => MethodOracles.Affix(c, p, 2), Head + (3 * 4 * E * 2)),
        new("affix", """{"tokens":2,"projection":7}""", (c, p) => MethodOracles.Affix(c, p, 2),
            Head + (2 * 2 * E) + (2 * E * 7) + 7 + (3 * 2 * ((2 * E * 7) + (2 * E)))),
        Svp("both", (2 * D) + (3 * D) + (2 * ((D * D) + D)) + (3 * Inner())),
        Svp("cross", (2 * D) + (2 * ((D * D) + D))),
        Svp("inner", (3 * D) + (3 * Inner())),
        new("svp+vpt-deep+bitfit",
            """{"svp":{"shared_layers":2,"inner_width":6},"vpt-deep":{"tokens":3,"placement":"ends"},"bitfit":{}}""",
            Combined, Head + D + (3 * 4 * E) + (3 * 3 * D) + (2 * D) + (3 * D) + (2 * ((D * D) + D)) + (3 * Inner())),
        .. WeightCases.All,
    ];

    public string Name => $"{Method} {Settings}";

    public VisionMambaModel Model(VisionMambaConfig? config = null)
    {
        var model = new VisionMambaModel(
            config ?? Config, TuningMethods.Create(Method, (JsonObject)JsonNode.Parse(Settings)!), seed: 6);
        foreach (Tensor parameter in model.Parameters.Trainable)
        {
            // What starts at zero would hide what it multiplies.
            Block noise = Values.Normal(parameter.Name!, 0.2, 0, [.. parameter.Shape]);
            for (int i = 0; i < noise.Count; i++)
                parameter.Span[i] += (float)noise[i];
        }

        return model;
    }

    public static Block Images => Values.Normal("images", 1, 0, Batch, 3, 12, 12);

    public static Block Targets => Values.Normal("targets", 0.1, 0.2, Batch, 1, 5);

    public static Dictionary<string, Block> Blocks(VisionMambaModel model) => model.Parameters.All.ToDictionary(
        p => p.Name!, p => new Block([.. p.Span.ToArray().Select(v => (double)v)], [.. p.Shape]));

    /// <summary>Logits of the model, and the loss' gradients in its trainable parameters.</summary>
    public static float[] Run(VisionMambaModel model)
    {
        using var backend = new CpuBackend(2);
        using var session = new ModelSession(model, backend);
        session.Gradients(
            Tensor.From(Images.Floats, Images.Shape), Tensor.From(Targets.Floats, Targets.Shape),
            ForwardContext.Evaluation);
        return session.Logits(Images.Floats, Batch);
    }

    private static MethodCase Vpt(string placement, string places, bool deep, int project = -1) => new(
        deep ? "vpt-deep" : "vpt-shallow", $$"""{"tokens":3,"placement":"{{placement}}","project":{{project}}}""",
        (c, p) => MethodOracles.Vpt(c, p, places, deep),
        Head + ((deep ? 3 : 1) * 3 * (project < 0 ? D : project)) + (project < 0 ? 0 : (project * D) + D));

    private static MethodCase Svp(string prompts, long count) => new(
        "svp", $$"""{"shared_layers":2,"inner_width":6,"prompts":"{{prompts}}"}""",
        (c, p) => new VimOracle(c, p) { Before = (tokens, layer) => MethodOracles.Svp(p, tokens, layer, 2) },
        Head + count);

    /// <summary>SVP prompts what is there before the new tokens come: all of layer 0's but them.</summary>
    private static VimOracle Combined(VisionMambaConfig c, IReadOnlyDictionary<string, Block> p)
    {
        VimOracle vpt = MethodOracles.Vpt(c, p, "pp....c.....p", deep: true);
        return new VimOracle(c, p)
        {
            Before = (tokens, layer) => vpt.Before(MethodOracles.Svp(p, tokens, layer, 2), layer),
        };
    }

    private static long Inner() => (D * 6) + 6 + (6 * D) + D;

    /// <summary>in_proj, out_proj, norm and twice: convolution, x_proj, dt_proj, A, D.</summary>
    private static long Block() =>
        (D * 2 * E) + (E * D) + D + (2 * ((E * 4) + E + (E * (2 + 6)) + (2 * E) + E + (E * 3) + E));
}

using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Models.Methods;

/// <summary>The methods on weights and mixers; the counts are the publications' formulas.</summary>
internal static class WeightCases
{
    private const int Depth = 3, D = 12, E = 24, R = 2, N = 3, W = 4, Head = (5 * D) + 5;

    public static IReadOnlyList<MethodCase> All { get; } =
    [
        Lora("in_proj", D + (2 * E)),
        Lora("in_proj.x", D + E),
        Lora("in_proj.z", D + E),
        Lora("x_proj", 2 * (E + R + (2 * N))),
        Lora("x_proj.delta", 2 * (E + R)),
        Lora("x_proj.b", 2 * (E + N)),
        Lora("x_proj.c", 2 * (E + N)),
        Lora("dt_proj", 2 * (R + E)),
        Lora("out_proj", E + D),
        Lora("x_proj.c,out_proj,x_proj.delta,dt_proj,in_proj.z", (2 * (E + N)) + E + D + (4 * (E + R)) + D + E),
        Adapter("parallel", D, 0.1),
        Adapter("sequential", D, 1),
        Adapter("out-proj", E, 0.1),
        new("additional-scan", """{"states":2}""", (c, p) => WeightOracles.AdditionalScan(c, p, 2),
            Head + (Depth * 6 * E * 2)),
        new("additional-scan", """{"states":17,"start":"frozen"}""", (c, p) => WeightOracles.AdditionalScan(c, p, 17),
            Head + (Depth * 6 * E * 17)),
        new("conv1d", "{}", MethodOracles.Plain, Head + (Depth * 2 * E * W)),
        new("a-tuning", "{}", MethodOracles.Plain, Head + (Depth * 2 * E * N)),
        new("d-tuning", "{}", MethodOracles.Plain, Head + (Depth * 2 * E)),
        Combined("additional-scan+lora"),
        Combined("lora+additional-scan"),
    ];

    private static MethodCase Lora(string sites, long perRank) => new(
        "lora", $$"""{"sites":"{{sites}}","rank":3,"alpha":1.5}""", (c, p) => WeightOracles.Lora(c, p, 0.5),
        Head + (Depth * 3 * perRank));

    private static MethodCase Adapter(string mode, int inputs, double scale) => new(
        "adapter", $$"""{"mode":"{{mode}}","width":5}""", (c, p) => WeightOracles.Adapter(c, p, mode, scale),
        Head + (Depth * ((5 * (inputs + D)) + 5 + D)));

    /// <summary>The order of the names does not matter: what widens the scan comes after what changes x_proj.</summary>
    private static MethodCase Combined(string names) => new(
        names, """{"lora":{"sites":"x_proj","rank":2},"additional-scan":{"states":2}}""",
        (c, p) => new VimOracle(c, p)
        {
            Adapt = WeightOracles.Lora(c, p, 0.1).Adapt,
            Widen = WeightOracles.AdditionalScan(c, p, 2).Widen,
        },
        Head + (Depth * ((2 * 2 * (E + R + (2 * N))) + (6 * E * 2))));
}

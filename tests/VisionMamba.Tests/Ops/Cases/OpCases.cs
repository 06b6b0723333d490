namespace VisionMamba.Tests.Ops;

/// <summary>All cases. Each operation's file adds its own.</summary>
internal static partial class OpCases
{
    public static IEnumerable<OpCase> All() =>
        [.. Linear(), .. AddNorm(), .. CausalConvSilu(), .. SelectiveScan(), .. PatchEmbed(), .. Tokens(),
            .. SelectivePrompt(), .. Prompts(), .. Columns(), .. SoftmaxCrossEntropy(), .. BinaryCrossEntropy()];

    private static OpInput Input(string c, string name, double deviation, params int[] shape) =>
        new(name, Values.Normal($"{c}/{name}", deviation, 0, shape));

    private static OpInput Input(string c, string name, double deviation, double mean, int[] shape) =>
        new(name, Values.Normal($"{c}/{name}", deviation, mean, shape));

    private static OpInput Parameter(string c, string name, double deviation, params int[] shape) =>
        Parameter(c, name, deviation, 0, shape);

    private static OpInput Parameter(string c, string name, double deviation, double mean, int[] shape) =>
        new(name, Values.Normal($"{c}/{name}", deviation, mean, shape), IsParameter: true);
}

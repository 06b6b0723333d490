using VisionMamba.Models;
using VisionMamba.Models.Explaining;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Models.Methods;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Models.Explaining;

public sealed class ExplainerTests
{
    private static readonly VisionMambaConfig s_config = MethodCase.Config;

    public static TheoryData<string> Names => [.. MethodCase.All
        .Where(c => c.Method is "svp" or "vpt-deep" or "affix" or "vp").Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void AttributionIsPixelTimesCentralDifference(string name)
    {
        MethodCase c = MethodCase.All.Single(m => m.Name == name);
        VisionMambaModel model = c.Model();
        const int Target = 3, Pixels = 144;
        Explanation explanation = Explain(model, Target);
        VimOracle oracle = c.Oracle(s_config, MethodCase.Blocks(model));
        Block image = Image();
        double scale = explanation.Attribution.Max(Math.Abs);
        foreach (int pixel in (int[])[0, 17, 77, 143])
        {
            double expected = 0;
            for (int channel = 0; channel < 3; channel++)
            {
                double[] direction = new double[image.Count];
                direction[(channel * Pixels) + pixel] = 1;
                double up = oracle.Logits(image.Moved(direction, 1e-5))[Target];
                double down = oracle.Logits(image.Moved(direction, -1e-5))[Target];
                expected += (up - down) / 2e-5 * image[(channel * Pixels) + pixel];
            }

            Assert.Equal(expected, explanation.Attribution[pixel], 1e-3 * scale);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ExplainingChangesNoBitOfTheModelAndItsAnswer(string name)
    {
        VisionMambaModel model = MethodCase.All.Single(m => m.Name == name).Model();
        float[] before = Logits(model);
        Assert.Equal(before, Explain(model, null).Logits);
        Assert.Equal(before, Logits(model));
        Assert.All(model.Parameters.All, p => Assert.Null(p.Gradient));
        Assert.Contains(model.Parameters.All, p => p.NeedsGradient);
    }

    /// <summary>In a model of one block, the parts are those of the oracle's scans at the class token.</summary>
    [Fact]
    public void ContributionsAddUpToTheScansOutputAtTheClassToken()
    {
        (Tensor xz, ScanDirection forward, ScanDirection backward) = Scans(tokens: 7);
        var gates = new BlockGates(scanned: 7, forward.U.Columns, length: 5, classToken: 2);
        gates.Add(xz, forward);
        gates.Add(xz, backward);
        Block expected = SelectiveScanOracle.Forward(Of(xz), Inputs(forward), Inputs(backward), 0.5);
        for (int e = 0; e < forward.U.Columns; e++)
            Assert.Equal(expected[0, 3, e], gates.Contributions.Sum(c => (double)c[e]), 1e-5);
        Assert.Equal(5, gates.Delta.Length);
        double delta = Enumerable.Range(0, 4).Average(e =>
            (Pointwise.Softplus(forward.Delta.Span[4 + e] + forward.DeltaBias.Span[e])
            + Pointwise.Softplus(backward.Delta.Span[4 + e] + backward.DeltaBias.Span[e])) / 2);
        Assert.Equal(delta, gates.Delta[0], 1e-6);
        Assert.All(gates.ForgetGate, g => Assert.InRange(g, 0, 1));
    }

    [Fact]
    public void TheMethodsShareIsSeen()
    {
        Explanation svp = Explain(Case("svp", "both").Model(), 0), vpt = Explain(Case("vpt-deep", "middle").Model(), 0);
        Assert.All(svp.Blocks, b => Assert.True(b.PromptMagnitude > 0.01 && b.LearnedContribution == 0));
        Assert.All(vpt.Blocks, b => Assert.True(b.PromptMagnitude == 0 && b.LearnedContribution > 0));
        VisionMambaModel bare = Explainer.WithoutMethod(Case("svp", "both").Model());
        Assert.All(Explain(bare, 0).Blocks, b => Assert.Equal(0, b.PromptMagnitude));
        Assert.Equal("linear", bare.Method.Name);
    }

    /// <summary>
    /// A gate of the first block depends on its token and, by the convolutions, on three to each side, learned ones
    /// included: changing patch 2 changes the map there and nowhere else, wherever the prompts stand.
    /// </summary>
    [Theory]
    [InlineData("prefix", 4)] // ppp01[2]3c45678
    [InlineData("middle", 3)] // 01[2]3ppcp45678
    [InlineData("spread", 3)] // 01[2]p3c4p56p78
    public void MapsFollowThePatches(string placement, int last)
    {
        VisionMambaModel model = Case("vpt-deep", placement).Model();
        Block image = Image(), other = Image();
        for (int i = 0; i < 3 * 16; i++)
            other[(i / 16 * 144) + (i / 4 % 4 * 12) + 8 + (i % 4)] += 3;
        float[] Delta(Block x) => [.. Explainer.Explain(model, Backend, x.Floats, 0).Blocks[0].Delta];
        float[] before = Delta(image), after = Delta(other);
        Assert.Equal(Enumerable.Range(0, last + 1), Enumerable.Range(0, 9).Where(m => before[m] != after[m]));
    }

    private static CpuBackend Backend => new(1);

    private static MethodCase Case(string method, string word) => MethodCase.All.First(
        c => c.Method == method && c.Settings.Contains($"\"{word}\"", StringComparison.Ordinal));

    private static Block Image() => new([.. MethodCase.Images.Values.Take(3 * 144)], 1, 3, 12, 12);

    private static Explanation Explain(VisionMambaModel model, int? target) =>
        Explainer.Explain(model, Backend, Image().Floats, target);

    private static float[] Logits(VisionMambaModel model)
    {
        using var session = new ModelSession(model, Backend);
        return session.Logits(Image().Floats, 1);
    }

    private static (Tensor Xz, ScanDirection Forward, ScanDirection Backward) Scans(int tokens)
    {
        Tensor Normal(string name, params int[] shape) =>
            Tensor.From(Ops.Values.Normal(name, 0.7, 0, shape).Floats, shape);
        ScanDirection Direction(string name, bool reversed) => new(
            Normal(name + "u", 1, tokens, 4), Normal(name + "delta", 1, tokens, 4), Normal(name + "bc", 1, tokens, 6),
            Normal(name + "a", 4, 3), Normal(name + "d", 4), Normal(name + "bias", 4), reversed);
        return (Normal("xz", 1, tokens, 8), Direction("f", false), Direction("b", true));
    }

    private static Block Of(Tensor t) => new([.. t.Span.ToArray().Select(v => (double)v)], [.. t.Shape]);

    private static ScanInputs Inputs(ScanDirection s) =>
        new(Of(s.U), Of(s.Delta), Of(s.Bc), Of(s.ALog), Of(s.D), Of(s.DeltaBias), s.Reversed);
}

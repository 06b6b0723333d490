using VisionMamba.Models;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Oracles;

/// <summary>
/// What enters a block: the stream's two halves (the residual is null at first) and the class token's place.
/// </summary>
internal sealed record OracleTokens(Block? Residual, Block Hidden, int ClassToken);

/// <summary>
/// The whole model in double precision from the operations' oracles, each direction on a sequence of its own, with
/// openings for what a tuning method does.
/// </summary>
internal sealed class VimOracle(VisionMambaConfig c, IReadOnlyDictionary<string, Block> p)
{
    public Func<Block, Block> Image { get; init; } = image => image;

    public Func<OracleTokens, int, OracleTokens> Before { get; init; } = (tokens, _) => tokens;

    /// <summary>
    /// Tokens that a direction of a block reads first, (count, 2 inner), in the order in which it reads.
    /// </summary>
    public Func<int, bool, Block?> Affix { get; init; } = (_, _) => null;

    /// <summary>A projection's output, of layer, name, input and plain output.</summary>
    public Func<int, string, Block, Block, Block> Adapt { get; init; } = (_, _, _, y) => y;

    /// <summary>x_proj's output and A_log with more states, of layer, direction, the scan's input and both.</summary>
    public Func<int, bool, Block, (Block Bc, Block ALog), (Block Bc, Block ALog)> Widen { get; init; } =
        (_, _, _, states) => states;

    /// <summary>The mixer's output, of layer, input and plain output.</summary>
    public Func<int, Block, Block, Block> After { get; init; } = (_, _, y) => y;

    public IReadOnlyDictionary<string, Block> Parameters => p;

    public Block Logits(Block image)
    {
        Block patches = PatchEmbedOracle.Forward(
            Image(image), p["patch_embed.proj.weight"], p["patch_embed.proj.bias"], c.Stride);
        var tokens = new OracleTokens(
            null, TokenOracles.InsertClassToken(patches, p["cls_token"], p["pos_embed"], c.ClassToken), c.ClassToken);
        for (int i = 0; i < c.Depth; i++)
        {
            tokens = Before(tokens, i);
            (Block normed, Block sum) = Norm($"layers.{i}.norm", tokens);
            tokens = tokens with { Residual = sum, Hidden = Mixer(normed, i) };
        }

        Block final = Norm("norm_f", tokens).Y;
        Block features = TokenOracles.Slice(final, tokens.ClassToken, 1);
        return LinearOracle.Forward(features, p["head.weight"], p["head.bias"]);
    }

    /// <summary>The sum of two blocks; a missing one is zero.</summary>
    public static Block Sum(Block? a, Block b) =>
        a is null ? b : new([.. a.Values.Zip(b.Values, (x, y) => x + y)], b.Shape);

    private (Block Y, Block Sum) Norm(string name, OracleTokens tokens) => AddNormOracle.Forward(
        NormKind.RmsNorm, tokens.Hidden, tokens.Residual, p[name + ".weight"], null, null, c.Epsilon);

    private Block Mixer(Block normed, int layer)
    {
        Block xz = Project(layer, "in_proj", normed);
        Block forward = Direction(xz, layer, false), backward = Flip(Direction(Flip(xz), layer, true));
        Block y = Sum(forward, backward);
        return After(layer, normed, Project(layer, "out_proj", new([.. y.Values.Select(v => v / 2)], y.Shape)));
    }

    private Block Direction(Block xz, int layer, bool backward)
    {
        string at = $"layers.{layer}.mixer.", b = backward ? "_b" : "";
        Block? affix = Affix(layer, backward);
        int count = affix is null ? 0 : affix.Count / xz.Columns, length = xz.Shape[1];
        if (affix is not null)
        {
            Block expanded = new(
                [.. Enumerable.Repeat(affix.Values, xz.Shape[0]).SelectMany(v => v)], xz.Shape[0], count, xz.Columns);
            xz = TokenOracles.Concat(expanded, xz);
        }

        Block u = CausalConvSiluOracle.Forward(xz, p[$"{at}conv1d{b}.weight"], p[$"{at}conv1d{b}.bias"], false);
        Block aLog = p[at + (backward ? "A_b_log" : "A_log")];
        (Block bc, aLog) = Widen(layer, backward, u, (Project(layer, "x_proj" + b, u), aLog));
        Block delta = Project(layer, "dt_proj" + b, bc);
        Block y = SelectiveScanOracle.Scan(new ScanInputs(
            u, delta, bc, aLog, p[$"{at}D{b}"], p[$"{at}dt_proj{b}.bias"], false));
        for (int row = 0; row < y.Rows; row++)
        {
            for (int e = 0; e < y.Columns; e++)
                y[row, e] *= Pointwise.Silu(xz[row, y.Columns + e]);
        }

        return TokenOracles.Slice(y, count, length);
    }

    private Block Project(int layer, string name, Block x) =>
        Adapt(layer, name, x, LinearOracle.Forward(x, p[$"layers.{layer}.mixer.{name}.weight"], null));

    private static Block Flip(Block x)
    {
        var y = new Block(x.Shape);
        for (int sample = 0; sample < x.Shape[0]; sample++)
        {
            for (int t = 0; t < x.Shape[1]; t++)
            {
                for (int e = 0; e < x.Columns; e++)
                    y[sample, t, e] = x[sample, x.Shape[1] - 1 - t, e];
            }
        }

        return y;
    }
}

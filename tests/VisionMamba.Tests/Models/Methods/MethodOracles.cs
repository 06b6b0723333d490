using VisionMamba.Models;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Models.Methods;

/// <summary>The papers' equations of the methods on tokens and images, written over the oracle of the model.</summary>
internal static class MethodOracles
{
    public static VimOracle Plain(VisionMambaConfig c, IReadOnlyDictionary<string, Block> p) => new(c, p);

    /// <summary>x + v with a frame of <paramref name="width"/>, or the square of that side in the corner.</summary>
    public static VimOracle Vp(
        VisionMambaConfig c, IReadOnlyDictionary<string, Block> p, int width, bool corner) => new(c, p)
        {
            Image = image =>
            {
                var y = new Block([.. image.Values], image.Shape);
                for (int sample = 0; sample < image.Shape[0]; sample++)
                {
                    int k = 0;
                    for (int i = 0; i < c.Channels * c.ImageSize * c.ImageSize; i++)
                    {
                        int row = i / c.ImageSize % c.ImageSize, column = i % c.ImageSize, last = c.ImageSize - 1;
                        bool inside = corner ? row < width && column < width
                            : row < width || column < width || row > last - width || column > last - width;
                        if (inside)
                            y[(sample * (image.Count / image.Shape[0])) + i] += p["prompt_pixels"][k++];
                    }
                }

                return y;
            },
        };

    /// <summary>
    /// Prompts stand where <paramref name="places"/> has a 'p' ('c' is the class token, '.' another); deep ones replace
    /// the whole stream there.
    /// </summary>
    public static VimOracle Vpt(
        VisionMambaConfig c, IReadOnlyDictionary<string, Block> p, string places, bool deep) => new(c, p)
        {
            Before = (tokens, layer) =>
            {
                if (layer > 0 && !deep)
                    return tokens;
                Block prompts = p[$"prompt_tokens.{layer}"];
                if (p.TryGetValue("prompt_projection.weight", out Block? projection))
                    prompts = LinearOracle.Forward(prompts, projection, p["prompt_projection.bias"]);
                Block stream = VimOracle.Sum(tokens.Residual, tokens.Hidden);
                var y = new Block(stream.Shape[0], places.Length, c.Dim);
                for (int sample = 0; sample < y.Shape[0]; sample++)
                {
                    int prompt = 0, other = 0;
                    for (int t = 0; t < places.Length; t++)
                    {
                        int from = layer > 0 ? t : other;
                        for (int e = 0; e < c.Dim; e++)
                            y[sample, t, e] = places[t] == 'p' ? prompts[prompt, e] : stream[sample, from, e];
                        prompt += places[t] == 'p' ? 1 : 0;
                        other += places[t] == 'p' ? 0 : 1;
                    }
                }

                return new OracleTokens(null, y, places.IndexOf('c', StringComparison.Ordinal));
            },
        };

    /// <summary>Each direction reads its own affix tokens first.</summary>
    public static VimOracle Affix(VisionMambaConfig c, IReadOnlyDictionary<string, Block> p, int tokens) => new(c, p)
    {
        Affix = (layer, backward) =>
        {
            if (p.TryGetValue($"prompt_affix.{layer}", out Block? all))
            {
                int half = all.Count / 2;
                return new Block([.. all.Values.Skip(backward ? half : 0).Take(half)], tokens, 2 * c.Inner);
            }

            Block hidden = LinearOracle.Forward(
                p["prompt_affix.embedding"], p["prompt_affix.down.weight"], p["prompt_affix.down.bias"]);
            hidden = new Block([.. hidden.Values.Select(Math.Tanh)], hidden.Shape);
            string at = $"prompt_affix.{layer}.{(backward ? "backward" : "forward")}.";
            return LinearOracle.Forward(hidden, p[at + "weight"], p[at + "bias"]);
        },
    };

    /// <summary>Cross and inner prompts, where their parameters are, on all tokens but the class token.</summary>
    public static OracleTokens Svp(IReadOnlyDictionary<string, Block> p, OracleTokens tokens, int layer, int shared)
    {
        Block x = tokens.Hidden;
        Block? cross = null, inner = null;
        if (p.TryGetValue($"prompt_generator_shared.{layer / shared}.0.weight", out Block? weight))
            cross = LinearOracle.Forward(x, weight, p[$"prompt_generator_shared.{layer / shared}.0.bias"]);
        if (p.TryGetValue($"prompt_generator.{layer}.0.weight", out Block? down))
        {
            inner = LinearOracle.Forward(x, down, p[$"prompt_generator.{layer}.0.bias"]);
            inner = LinearOracle.Forward(
                inner, p[$"prompt_generator.{layer}.1.weight"], p[$"prompt_generator.{layer}.1.bias"]);
        }

        return tokens with
        {
            Hidden = SelectivePromptOracle.Forward(
                x, cross, inner, p.GetValueOrDefault("prompt_shared_scale"), layer / shared,
                p.GetValueOrDefault("prompt_scale"), layer, tokens.ClassToken),
        };
    }
}

using VisionMamba.Models;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Models.Methods;

/// <summary>The papers' equations of the methods on weights and mixers, written over the oracle of the model.</summary>
internal static class WeightOracles
{
    /// <summary>y + scale B A x in the outputs of each part that has factors.</summary>
    public static VimOracle Lora(VisionMambaConfig c, IReadOnlyDictionary<string, Block> p, double scale) => new(c, p)
    {
        Adapt = (layer, name, x, y) =>
        {
            foreach ((string part, int start) in new[]
            {
                ("all", 0), ("x", 0), ("z", c.Inner), ("delta", 0), ("b", c.Rank), ("c", c.Rank + c.State),
            })
            {
                if (!p.TryGetValue($"lora.{layer}.{name}.{part}.down.weight", out Block? down))
                    continue;
                Block up = p[$"lora.{layer}.{name}.{part}.up.weight"];
                Block low = LinearOracle.Forward(x, down, null);
                y = ColumnOracles.Add(y, LinearOracle.Forward(low, up, null), start, scale);
            }

            return y;
        },
    };

    /// <summary>What is read decides the kind: the mixer's input, its output, or out_proj's input.</summary>
    public static VimOracle Adapter(
        VisionMambaConfig c, IReadOnlyDictionary<string, Block> p, string mode, double scale)
    {
        Block Add(int layer, Block t, Block y)
        {
            string at = $"adapter.{layer}.";
            Block low = ColumnOracles.Relu(LinearOracle.Forward(t, p[at + "down.weight"], p[at + "down.bias"]));
            Block high = LinearOracle.Forward(low, p[at + "up.weight"], p[at + "up.bias"]);
            return ColumnOracles.Add(y, high, 0, scale);
        }

        return mode switch
        {
            "parallel" => new VimOracle(c, p) { After = Add },
            "sequential" => new VimOracle(c, p) { After = (layer, _, y) => Add(layer, y, y) },
            _ => new VimOracle(c, p) { Adapt = (layer, name, x, y) => name == "out_proj" ? Add(layer, x, y) : y },
        };
    }

    /// <summary>The scan with the new states in front of the known ones.</summary>
    public static VimOracle AdditionalScan(
        VisionMambaConfig c, IReadOnlyDictionary<string, Block> p, int m) =>
        new(c, p)
        {
            Widen = (layer, backward, u, states) =>
            {
                string at = $"additional_scan.{layer}.", b = backward ? "_b" : "";
                Block rows = LinearOracle.Forward(u, p[$"{at}x_proj{b}.weight"], null), bc = states.Bc;
                int n = c.State;
                return (
                    ColumnOracles.Arrange(
                        (bc, 0, c.Rank), (rows, 0, m), (bc, c.Rank, n), (rows, m, m), (bc, c.Rank + n, n)),
                    ColumnOracles.Arrange((p[$"{at}A_log{b}"], 0, m), (states.ALog, 0, n)));
            },
        };
}

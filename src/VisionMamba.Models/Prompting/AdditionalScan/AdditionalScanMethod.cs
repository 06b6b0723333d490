using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Prompting.AdditionalScan;

// Shapes: u (batch, length, E); bc (batch, length, R + 2 N); m additional states; A_log (E, N); rows (2 m, E).

/// <summary>
/// Additional-scan (MambaPEFT, Yoshimura et al., ICLR 2025, arXiv 2411.03855): every channel of the scan gets m more
/// states, which train while the pre-trained N are frozen. Per direction A becomes [A_new, A], (E, m + N), and the
/// projection of the scan's input to B and C gets m rows more for each: B = [B_new u, B u], C = [C_new u, C u]. A_new
/// starts as the pre-trained first state's A, as published for Vim. Parameters per block: 2 (E m + 2 m E) = 6 E m.
/// Merged: a Vim with N + m states.
/// </summary>
public sealed class AdditionalScanMethod(AdditionalScanConfig config) : TuningMethod
{
    private readonly List<Added> _forward = [], _backward = [];
    private VisionMambaConfig _model = new();

    /// <summary>The words for <see cref="AdditionalScanStart"/>.</summary>
    public static IReadOnlyList<string> Starts { get; } = Words.All<AdditionalScanStart>();

    /// <summary>The settings.</summary>
    public AdditionalScanConfig Config { get; } = config;

    /// <inheritdoc/>
    public override string Name => "additional-scan";

    /// <inheritdoc/>
    public override JsonObject Settings => new()
    {
        ["states"] = Config.States,
        ["start"] = Words.Of(Config.Start),
    };

    /// <inheritdoc/>
    public override bool Merges => true;

    /// <summary>Makes the method from its settings; missing keys take the defaults.</summary>
    public static AdditionalScanMethod FromSettings(JsonObject settings)
    {
        var method = new AdditionalScanMethod(new AdditionalScanConfig
        {
            States = (int?)settings["states"] ?? new AdditionalScanConfig().States,
            Start = Words.Parse<AdditionalScanStart>((string?)settings["start"], "start of additional scans"),
        });
        method.Check();
        return method;
    }

    /// <inheritdoc/>
    public override void Declare(ParameterScope root, VisionMambaConfig model)
    {
        Check();
        _model = model;
        for (int i = 0; i < model.Depth; i++)
        {
            ParameterScope layer = root.Child("additional_scan").Child(i);
            _forward.Add(Declare(layer, root, $"layers.{i}.mixer.A_log", ""));
            _backward.Add(Declare(layer, root, $"layers.{i}.mixer.A_b_log", "_b"));
        }
    }

    /// <inheritdoc/>
    public override bool Trains(string name) =>
        IsHead(name) || name.StartsWith("additional_scan.", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override ScanStates Widen(Tape tape, int layer, bool backward, Tensor u, ScanStates states)
    {
        Added added = backward ? _backward[layer] : _forward[layer];
        int m = Config.States, known = states.ALog.Columns, rank = states.Bc.Columns - (2 * known);
        Tensor rows = tape.Linear(u, added.Rows, bias: null);
        return new ScanStates(
            tape.ArrangeColumns(
                new ColumnRange(states.Bc, 0, rank),
                new ColumnRange(rows, 0, m), new ColumnRange(states.Bc, rank, known),
                new ColumnRange(rows, m, m), new ColumnRange(states.Bc, rank + known, known)),
            tape.ArrangeColumns(new ColumnRange(added.ALog, 0, m), new ColumnRange(states.ALog, 0, known)));
    }

    /// <inheritdoc/>
    public override VisionMambaConfig MergedConfig(VisionMambaConfig model) =>
        model with { State = model.State + Config.States };

    /// <inheritdoc/>
    public override Tensor MergeWider(string name, Tensor weight)
    {
        string[] words = name.Split('.');
        if (words.Length < 4 || words[0] != "layers" || words[2] != "mixer")
            return weight;
        int layer = int.Parse(words[1], CultureInfo.InvariantCulture), m = Config.States;
        switch (words[3])
        {
            case "A_log" or "A_b_log":
                Tensor more = (words[3] == "A_log" ? _forward : _backward)[layer].ALog;
                return Columns(name, more, weight);
            case "x_proj" or "x_proj_b":
                Tensor rows = (words[3] == "x_proj" ? _forward : _backward)[layer].Rows;
                int rank = _model.Rank, known = _model.State;
                return Rows(name, (weight, 0, rank), (rows, 0, m), (weight, rank, known), (rows, m, m),
                    (weight, rank + known, known));
            default:
                return weight;
        }
    }

    private Added Declare(ParameterScope layer, ParameterScope root, string aLog, string suffix)
    {
        int m = Config.States, inner = _model.Inner;
        void First(Span<float> values, Rng rng)
        {
            Tensor known = root.Declared(aLog);
            for (int i = 0; i < values.Length; i++)
                values[i] = known.Span[i / m * known.Columns];
        }

        void Drawn(Span<float> values, Rng rng)
        {
            Initial.FanIn(inner)(values, rng);
            if (Config.Start == AdditionalScanStart.Frozen)
                values[(m * inner)..].Clear();
        }

        return new Added(
            layer.Parameter("A_log" + suffix, [inner, m], First),
            layer.Child("x_proj" + suffix).Parameter("weight", [2 * m, inner], Drawn));
    }

    /// <summary>The columns of two matrices side by side.</summary>
    private static Tensor Columns(string name, Tensor left, Tensor right)
    {
        var result = new Tensor(left.Rows, left.Columns + right.Columns) { Name = name };
        for (int row = 0; row < left.Rows; row++)
        {
            Span<float> to = result.Span.Slice(row * result.Columns, result.Columns);
            left.Span.Slice(row * left.Columns, left.Columns).CopyTo(to);
            right.Span.Slice(row * right.Columns, right.Columns).CopyTo(to[left.Columns..]);
        }

        return result;
    }

    /// <summary>Some rows of several matrices, one below the other.</summary>
    private static Tensor Rows(string name, params ReadOnlySpan<(Tensor From, int Start, int Count)> parts)
    {
        int columns = parts[0].From.Columns, rows = 0;
        foreach ((_, _, int count) in parts)
            rows += count;
        var result = new Tensor(rows, columns) { Name = name };
        Span<float> to = result.Span;
        foreach ((Tensor from, int start, int count) in parts)
        {
            from.Span.Slice(start * columns, count * columns).CopyTo(to);
            to = to[(count * columns)..];
        }

        return result;
    }

    private void Check() => Require(
        Config.States is >= 1 and <= VisionMambaConfig.MaxSize,
        $"states must be 1 to {VisionMambaConfig.MaxSize}, not {Config.States}");

    /// <summary>One direction's additional states.</summary>
    private readonly record struct Added(Tensor ALog, Tensor Rows);
}

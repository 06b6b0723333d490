using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Prompting.Lora;

/// <summary>
/// LoRA (Hu et al., arXiv 2106.09685): a frozen projection y = W x becomes y = W x + (alpha / r) B drop(A x) with A
/// (r, k) and B (n, r); B starts at zero, so training starts at the frozen backbone. MambaPEFT (Yoshimura et al., ICLR
/// 2025, arXiv 2411.03855) puts it on Mamba's projections, and as partial LoRA on a part of their outputs: the x or z
/// half of in_proj, or the rows of x_proj that give the step size, B or C. A site costs r (k + n) parameters per block,
/// those of x_proj and dt_proj twice that, once per direction. Merged: W + (alpha / r) B A.
/// </summary>
public sealed class LoraMethod(LoraConfig config) : TuningMethod
{
    private const ulong Stream = 3_000_000;
    private readonly List<Dictionary<MixerSite, List<Branch>>> _layers = [];

    /// <summary>The settings.</summary>
    public LoraConfig Config { get; } = config;

    /// <inheritdoc/>
    public override string Name => "lora";

    /// <inheritdoc/>
    public override JsonObject Settings => new()
    {
        ["sites"] = string.Join(',', Config.Sites),
        ["rank"] = Config.Rank,
        ["alpha"] = Config.Alpha,
        ["dropout"] = Config.Dropout,
    };

    /// <inheritdoc/>
    public override bool Merges => true;

    /// <summary>Makes the method from its settings; missing keys take the defaults.</summary>
    public static LoraMethod FromSettings(JsonObject settings)
    {
        var defaults = new LoraConfig();
        var method = new LoraMethod(new LoraConfig
        {
            Sites = (string?)settings["sites"] is { } sites
                ? sites.Split(',', StringSplitOptions.TrimEntries) : defaults.Sites,
            Rank = (int?)settings["rank"] ?? defaults.Rank,
            Alpha = (float?)settings["alpha"] ?? defaults.Alpha,
            Dropout = (float?)settings["dropout"] ?? defaults.Dropout,
        });
        method.Check();
        return method;
    }

    /// <inheritdoc/>
    public override void Declare(ParameterScope root, VisionMambaConfig model)
    {
        Check();
        LoraSite[] sites = [.. Config.Sites.Select(LoraSite.Find)];
        for (int i = 0; i < model.Depth; i++)
        {
            ParameterScope layer = root.Child("lora").Child(i);
            var branches = new Dictionary<MixerSite, List<Branch>>();
            foreach (LoraSite site in sites)
            {
                foreach (MixerSite projection in site.Projections)
                {
                    if (!branches.TryGetValue(projection, out List<Branch>? list))
                        branches[projection] = list = [];
                    ParameterScope scope = layer.Child(LoraSite.ProjectionName(projection)).Child(site.Part);
                    list.Add(Branch.Declare(scope, site, model, Config.Rank));
                }
            }

            _layers.Add(branches);
        }
    }

    /// <inheritdoc/>
    public override bool Trains(string name) => IsHead(name) || name.StartsWith("lora.", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override Tensor Adapt(Tape tape, int layer, MixerSite site, Tensor x, Tensor y, ForwardContext context)
    {
        if (!_layers[layer].TryGetValue(site, out List<Branch>? branches))
            return y;
        // The scan saves the step sizes unless they are made again: both directions' would be the block's largest.
        bool recompute = site is MixerSite.DtProj or MixerSite.DtProjBackward;
        for (int i = 0; i < branches.Count; i++)
        {
            Branch branch = branches[i];
            Rng rng = context.Rng.Derive(Stream + (ulong)layer).Derive(((ulong)site * 16) + (ulong)i);
            Tensor low = tape.Activate(new ActivateArguments(
                tape.Linear(x, branch.Down, bias: null), Relu: false, context.Training ? Config.Dropout : 0, rng,
                context.FirstImage));
            Tensor added = tape.Linear(low, branch.Up, bias: null, recompute);
            y = tape.AddColumns(y, added, branch.Start, Config.Scale, recompute);
        }

        return y;
    }

    /// <inheritdoc/>
    public override Tensor Merge(string name, Tensor weight)
    {
        string[] words = name.Split('.');
        if (words.Length != 5 || words[0] != "layers" || words[2] != "mixer" || words[4] != "weight")
            return weight;
        var branches = _layers[int.Parse(words[1], CultureInfo.InvariantCulture)];
        MixerSite[] sites = [.. branches.Keys.Where(s => LoraSite.ProjectionName(s) == words[3])];
        return sites.Length == 0 ? weight : Merged(name, weight, branches[sites[0]]);
    }

    /// <summary>W + (alpha / r) B A, summed in double precision and rounded once.</summary>
    private Tensor Merged(string name, Tensor weight, List<Branch> branches)
    {
        var merged = new Tensor(weight.Shape) { Name = name };
        double[] sum = new double[weight.Columns];
        for (int row = 0; row < weight.Rows; row++)
        {
            Span<float> from = weight.Span.Slice(row * weight.Columns, weight.Columns);
            for (int c = 0; c < sum.Length; c++)
                sum[c] = from[c];
            foreach (Branch branch in branches)
                branch.AddRow(row, Config.Scale, sum);
            Span<float> to = merged.Span.Slice(row * weight.Columns, weight.Columns);
            for (int c = 0; c < sum.Length; c++)
                to[c] = (float)sum[c];
        }

        return merged;
    }

    private void Check()
    {
        LoraSite[] sites = [.. Config.Sites.Select(LoraSite.Find)];
        Require(sites.Length > 0, "needs at least one site");
        foreach (LoraSite site in sites)
        {
            Require(sites.Count(s => s == site) == 1, $"site '{site.Name}' is named twice");
            Require(site.Part == "all" || !sites.Any(s => s.Part == "all" && s.Projection == site.Projection),
                $"site '{site.Name}' is a part of '{site.Name.Split('.')[0]}'; name one of them");
        }

        Require(Config.Rank is >= 1 and <= VisionMambaConfig.MaxSize,
            $"rank must be 1 to {VisionMambaConfig.MaxSize}, not {Config.Rank}");
        Require(Config.Alpha >= 0 && float.IsFinite(Config.Alpha), $"alpha must be at least 0, not {Config.Alpha}");
        Require(Config.Dropout is >= 0 and < 1, $"dropout must be at least 0 and below 1, not {Config.Dropout}");
    }

    /// <summary>The two factors of one site in one block.</summary>
    private sealed record Branch(Tensor Down, Tensor Up, int Start)
    {
        public static Branch Declare(ParameterScope scope, LoraSite site, VisionMambaConfig model, int rank)
        {
            int inputs = site.Inputs(model);
            Tensor down = scope.Child("down").Parameter("weight", [rank, inputs], Initial.FanIn(inputs));
            Tensor up = scope.Child("up").Parameter("weight", [site.Outputs(model), rank], Initial.Zeros);
            return new Branch(down, up, site.Start(model));
        }

        /// <summary>Adds scale B A to row <paramref name="row"/> of the projection, where the part has it.</summary>
        public void AddRow(int row, float scale, double[] sum)
        {
            if (row < Start || row >= Start + Up.Rows)
                return;
            for (int r = 0; r < Up.Columns; r++)
            {
                double factor = (double)scale * Up.Span[((row - Start) * Up.Columns) + r];
                Span<float> down = Down.Span.Slice(r * Down.Columns, Down.Columns);
                for (int c = 0; c < sum.Length; c++)
                    sum[c] += factor * down[c];
            }
        }
    }
}

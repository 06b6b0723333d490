using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Models.Prompting.Svp;

namespace VisionMamba.Cli.Verbs;

/// <summary>How the backbone is adapted: --method and SVP's settings.</summary>
internal sealed class MethodFlags
{
    private static readonly SvpConfig s_defaults = new();

    private readonly Option<string> _method = new("--method")
    {
        Description = $"how to adapt: {string.Join(", ", TuningMethods.All.Select(m => m.Name))}",
        DefaultValueFactory = _ => "svp",
    };

    private readonly Option<int> _shared = Setting("--shared-layers", "svp: layers that share a cross prompt", s_defaults.SharedLayers);
    private readonly Option<int> _width = Setting("--inner-width", "svp: hidden width of the inner prompts", s_defaults.InnerWidth);
    private readonly Option<int> _depth = Setting("--prompt-depth", "svp: prompted layers, 0 for all", s_defaults.PromptDepth);
    private readonly Option<float> _dropout = Setting("--prompt-dropout", "svp: dropout on the prompts", s_defaults.Dropout);

    private readonly Option<string> _source = Setting(
        "--cross-prompt-source", "svp: token (the paper) or paired-halves (the released code)", SvpMethod.SourceName(s_defaults.Source));

    private readonly Option<int> _head = Setting("--head-layers", "linear layers of the head, 1 or 2", 1);
    private readonly Option<bool> _simAm = new("--simam") { Description = "apply SimAM attention to the input image" };

    public IEnumerable<Option> All => [_method, .. SvpOnly, _head, _simAm];

    private Option[] SvpOnly => [_shared, _width, _depth, _dropout, _source];

    public TuningMethod Read(ParseResult parsed)
    {
        string name = parsed.GetValue(_method)!;
        if (TuningMethods.All.All(m => m.Name != name))
        {
            throw new UsageException(
                $"--method {name}: unknown; known are {string.Join(", ", TuningMethods.All.Select(m => m.Name))}");
        }

        if (name != "svp" && SvpOnly.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is { } unused)
            throw new UsageException($"{unused.Name}: is a setting of --method svp, not of '{name}'");
        Check(parsed);
        return TuningMethods.Create(name, new JsonObject
        {
            ["shared_layers"] = parsed.GetValue(_shared),
            ["inner_width"] = parsed.GetValue(_width),
            ["prompt_depth"] = parsed.GetValue(_depth),
            ["dropout"] = parsed.GetValue(_dropout),
            ["cross_prompt_source"] = parsed.GetValue(_source),
        });
    }

    // What does not depend on the backbone; the method itself compares with its number of layers.
    private void Check(ParseResult parsed)
    {
        static void Require(bool holds, Option flag, string rule)
        {
            if (!holds)
                throw new UsageException($"{flag.Name}: must be {rule}");
        }

        string source = parsed.GetValue(_source)!;
        Require(parsed.GetValue(_shared) >= 1, _shared, "at least 1");
        Require(parsed.GetValue(_width) is >= 1 and <= VisionMambaConfig.MaxSize, _width, $"1 to {VisionMambaConfig.MaxSize}");
        Require(parsed.GetValue(_depth) >= 0, _depth, "at least 0 (0 means all layers)");
        Require(parsed.GetValue(_dropout) is >= 0 and < 1, _dropout, "at least 0 and below 1");
        Require(parsed.GetValue(_head) is 1 or 2, _head, "1 or 2");
        Require(
            Enum.GetValues<CrossPromptSource>().Any(known => SvpMethod.SourceName(known) == source), _source,
            "token or paired-halves");
    }

    public int HeadLayers(ParseResult parsed) => parsed.GetValue(_head);

    public bool SimAm(ParseResult parsed) => parsed.GetValue(_simAm);

    private static Option<T> Setting<T>(string name, string description, T value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };
}

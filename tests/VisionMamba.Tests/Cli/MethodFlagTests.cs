using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli;
using VisionMamba.Cli.Flags;
using VisionMamba.Models.Prompting;

namespace VisionMamba.Tests.Cli;

/// <summary>Every flag of a tuning method changes the setting that it names, and no other.</summary>
public sealed class MethodFlagTests
{
    private const int Depth = 24;
    private static readonly string[] s_withoutSetting = ["--method", "--head-layers", "--simam"];

    /// <summary>A method, a flag that it has, another value than its default, and the setting's key.</summary>
    private static readonly (string Method, string Flag, string Value, string Key)[] s_flags =
    [
        ("svp", "--shared-layers", "3", "shared_layers"), ("svp", "--inner-width", "17", "inner_width"),
        ("svp", "--prompt-depth", "5", "prompt_depth"), ("svp", "--prompt-dropout", "0.25", "dropout"),
        ("svp", "--cross-prompt-source", "paired-halves", "cross_prompt_source"),
        ("svp", "--svp-prompts", "cross", "prompts"), ("partial", "--partial-blocks", "2", "blocks"),
        ("vp", "--vp-size", "7", "size"), ("vp", "--vp-placement", "patch", "placement"),
        ("vpt-shallow", "--prompt-tokens", "3", "tokens"), ("vpt-shallow", "--prompt-placement", "ends", "placement"),
        ("vpt-shallow", "--prompt-project", "19", "project"), ("vpt-shallow", "--prompt-dropout", "0.5", "dropout"),
        ("vpt-deep", "--prompt-tokens", "4", "tokens"), ("vpt-deep", "--prompt-placement", "spread", "placement"),
        ("vpt-deep", "--prompt-project", "23", "project"), ("vpt-deep", "--prompt-dropout", "0.75", "dropout"),
        ("affix", "--affix-tokens", "5", "tokens"), ("affix", "--affix-projection", "48", "projection"),
        ("lora", "--lora-sites", "in_proj,dt_proj", "sites"), ("lora", "--lora-rank", "9", "rank"),
        ("lora", "--lora-alpha", "6", "alpha"), ("lora", "--lora-dropout", "0.25", "dropout"),
        ("adapter", "--adapter-mode", "sequential", "mode"), ("adapter", "--adapter-width", "11", "width"),
        ("adapter", "--adapter-scale", "0.5", "scale"), ("adapter", "--adapter-dropout", "0.75", "dropout"),
        ("additional-scan", "--extra-states", "2", "states"), ("additional-scan", "--extra-start", "frozen", "start"),
    ];

    public static IEnumerable<TheoryDataRow<string, string, string, string>> Flags =>
        s_flags.Select(f => new TheoryDataRow<string, string, string, string>(f.Method, f.Flag, f.Value, f.Key));

    public static TheoryData<string> Names => [.. s_flags.Select(f => f.Flag).Distinct()];

    public static TheoryData<string> Methods => [.. TuningMethods.All.Select(m => m.Name)];

    [Fact]
    public void EveryFlagIsHere() => Assert.Equal(
        new MethodFlags().All.Select(o => o.Name).Except(s_withoutSetting).Order(),
        s_flags.Select(f => f.Flag).Distinct().Order());

    [Theory]
    [MemberData(nameof(Flags))]
    public void AFlagChangesItsSettingAlone(string method, string flag, string value, string key)
    {
        JsonObject before = Read($"--method {method}").Settings;
        JsonObject after = Read($"--method {method} {flag} {value}").Settings;
        Assert.NotEqual(value, before[key]!.ToString());
        Assert.Equal(value, after[key]!.ToString());
        before.Remove(key);
        after.Remove(key);
        Assert.Equal(before.ToJsonString(), after.ToJsonString());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void OtherMethodsRefuseIt(string flag)
    {
        string value = s_flags.First(f => f.Flag == flag).Value;
        string[] owners = [.. s_flags.Where(f => f.Flag == flag).Select(f => f.Method)];
        foreach (string method in TuningMethods.All.Select(m => m.Name).Except(owners))
        {
            Assert.Equal(
                $"{flag}: is a setting of --method {string.Join(" and ", owners)}, not of '{method}'",
                Assert.Throws<UsageException>(() => Read($"--method {method} {flag} {value}")).Message);
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void WithoutFlagsAMethodHasItsOwnDefaults(string method)
    {
        TuningMethod read = Read($"--method {method}");
        Assert.Equal(method, read.Name);
        Assert.Equal(TuningMethods.Create(method, []).Settings.ToJsonString(), read.Settings.ToJsonString());
    }

    [Fact]
    public void SeveralMethodsHaveTheirSettingsUnderTheirNames()
    {
        TuningMethod both = Read("--method vpt-deep+svp --prompt-tokens 3 --shared-layers 2 --prompt-dropout 0.25");
        Assert.Equal("vpt-deep+svp", both.Name);
        JsonNode vpt = both.Settings["vpt-deep"]!, svp = both.Settings["svp"]!;
        Assert.Equal(("3", "0.25"), (vpt["tokens"]!.ToString(), vpt["dropout"]!.ToString()));
        Assert.Equal(("2", "0.25"), (svp["shared_layers"]!.ToString(), svp["dropout"]!.ToString()));
    }

    [Fact]
    public void TheMethodIsSvpUnlessSaid()
    {
        Assert.Equal("svp", Read("").Name);
        Assert.StartsWith(
            "--method magic: unknown", Assert.Throws<UsageException>(() => Read("--method magic")).Message);
    }

    [Fact]
    public void TheHeadAndSimAmAreNoSettingsOfAMethod()
    {
        (MethodFlags flags, ParseResult nothing) = Parse("");
        Assert.Equal((1, false), (flags.HeadLayers(nothing), flags.SimAm(nothing)));
        (flags, ParseResult given) = Parse("--head-layers 2 --simam");
        Assert.Equal((2, true), (flags.HeadLayers(given), flags.SimAm(given)));
        Assert.Equal(Read("").Settings.ToJsonString(), flags.Read(given, Depth).Settings.ToJsonString());
        Assert.Equal(
            "--head-layers: must be 1 or 2", Assert.Throws<UsageException>(() => Read("--head-layers 3")).Message);
    }

    private static TuningMethod Read(string words)
    {
        (MethodFlags flags, ParseResult parsed) = Parse(words);
        return flags.Read(parsed, Depth);
    }

    private static (MethodFlags Flags, ParseResult Parsed) Parse(string words)
    {
        var flags = new MethodFlags();
        return (flags, FlagParsing.Parse(flags.All, words));
    }
}

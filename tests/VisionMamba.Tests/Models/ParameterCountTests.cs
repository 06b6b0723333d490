using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Models;

/// <summary>How many numbers each method trains on Vim-Small beside the head, as docs/methods.md says.</summary>
public sealed class ParameterCountTests
{
    private const string Default = "{}";

    private static readonly (string Method, string Settings, long Count)[] s_counts =
    [
        ("linear", Default, 0), ("full", Default, 25_411_584), ("bitfit", Default, 74_112),
        ("partial", Default, 1_043_712), ("vp", Default, 69_840), ("vpt-shallow", Default, 3_840),
        ("vpt-deep", Default, 92_160), ("affix", Default, 221_184), ("affix", """{"projection":1536}""", 115_685_376),
        ("svp", Default, 1_644_288), ("lora", Default, 1_769_472),
        ("lora", """{"sites":"in_proj","rank":32}""", 1_474_560),
        ("lora", """{"sites":"out_proj","rank":96}""", 2_654_208), ("lora", """{"sites":"x_proj"}""", 2_531_328),
        ("lora", """{"sites":"dt_proj"}""", 2_433_024), ("adapter", Default, 599_808),
        ("additional-scan", Default, 663_552), ("conv1d", Default, 147_456), ("a-tuning", Default, 589_824),
        ("d-tuning", Default, 36_864),
    ];

    public static IEnumerable<TheoryDataRow<string, string, long>> Counts =>
        s_counts.Select(c => new TheoryDataRow<string, string, long>(c.Method, c.Settings, c.Count));

    [Fact]
    public void EveryMethodIsHere() => Assert.Equal(
        TuningMethods.All.Select(m => m.Name).Order(),
        s_counts.Where(c => c.Settings == Default).Select(c => c.Method).Order());

    [Theory]
    [MemberData(nameof(Counts))]
    public void TrainsAsManyNumbers(string method, string settings, long count)
    {
        // Only declared: none of them has memory.
        var model = new VisionMambaModel(
            VisionMambaConfig.Presets["small"], TuningMethods.Create(method, (JsonObject)JsonNode.Parse(settings)!), 0,
            (name, shape) => new Tensor(Storage.Unbacked, shape) { Name = name });
        Assert.Equal(
            count,
            model.Parameters.Trainable.Where(p => !p.Name!.StartsWith("head.", StringComparison.Ordinal))
                .Sum(p => p.Count));
    }

    /// <summary>The last column of the document's table, in full or in rounded millions.</summary>
    [Fact]
    public void TheDocumentHasTheSameNumbers()
    {
        string file = Path.Combine(ReferenceData.Fixtures, "..", "..", "docs", "methods.md");
        string[][] rows = [.. File.ReadAllLines(file).Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)).Where(cells => cells.Length == 6)];
        Dictionary<string, string> said = rows.ToDictionary(cells => cells[1].Trim('`'), cells => cells[4]);
        Assert.Equal(TuningMethods.All.Select(m => m.Name).Order(), said.Keys.Order());
        foreach ((string method, _, long count) in s_counts.Where(c => c.Settings == Default))
            Assert.Equal(said[method], Written(count, said[method]));
    }

    private static string Written(long count, string like)
    {
        if (!like.EndsWith(" M", StringComparison.Ordinal))
            return count.ToString("N0", CultureInfo.InvariantCulture);
        int decimals = like.Length - " M".Length - like.IndexOf('.') - 1;
        return (count / 1e6).ToString($"F{decimals}", CultureInfo.InvariantCulture) + " M";
    }
}

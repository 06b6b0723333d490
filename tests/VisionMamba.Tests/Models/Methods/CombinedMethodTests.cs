using System.Reflection;
using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Models.Prompting.Combined;

namespace VisionMamba.Tests.Models.Methods;

public sealed class CombinedMethodTests
{
    [Fact]
    public void DelegatesEverythingThatAMethodMayDo()
    {
        IEnumerable<string> hooks = typeof(TuningMethod).GetMethods()
            .Where(m => m.IsVirtual && m.DeclaringType == typeof(TuningMethod))
            .Select(m => m.Name);
        IEnumerable<string> own = typeof(CombinedMethod)
            .GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(m => m.Name);
        Assert.Empty(hooks.Except(own));
    }

    [Fact]
    public void NamesAndSettingsNest()
    {
        TuningMethod method = TuningMethods.Create(
            "svp+vpt-shallow", new JsonObject { ["vpt-shallow"] = new JsonObject { ["tokens"] = 3 } });
        Assert.Equal("svp+vpt-shallow", method.Name);
        Assert.Equal(3, (int)method.Settings["vpt-shallow"]!["tokens"]!);
        Assert.Equal(8, (int)method.Settings["svp"]!["shared_layers"]!);
    }

    [Fact]
    public void FullWithPromptsTrainsBoth()
    {
        VisionMambaModel model = SmallModels.Create("full+vp", "{}");
        Assert.All(model.Parameters.All, p => Assert.True(p.NeedsGradient));
        Assert.True(model.Parameters.TryGet("prompt_pixels", out _));
    }

    [Theory]
    [InlineData("svp+svp", "named twice")]
    [InlineData("linear+svp", "'linear' adds nothing")]
    [InlineData("full+bitfit", "'full' already trains")]
    [InlineData("partial+full", "'full' already trains")]
    [InlineData("svp+", "unknown tuning method ''")]
    [InlineData("svp+foo", "unknown tuning method 'foo'")]
    [InlineData("vpt-shallow+vpt-deep", "prompt_tokens.0 is declared twice")]
    public void WhatMakesNoSenseIsRefusedInOneLine(string name, string reason)
    {
        string message = Assert.Throws<VisionMambaException>(() => SmallModels.Create(name, "{}")).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void PairedHalvesRefuseUnevenTokens()
    {
        VisionMambaConfig even = SmallModels.Config with { ImageSize = 16, Patch = 4, Stride = 4 };
        const string Settings = """
            {"svp":{"shared_layers":2,"cross_prompt_source":"paired-halves"},"vpt-shallow":{"placement":"PLACE"}}
            """;
        SmallModels.Logits(SmallModels.Create(
            "vpt-shallow+svp", Settings.Replace("PLACE", "ends", StringComparison.Ordinal), even));
        string message = Assert.Throws<VisionMambaException>(() => SmallModels.Logits(SmallModels.Create(
            "vpt-shallow+svp", Settings.Replace("PLACE", "prefix", StringComparison.Ordinal), even))).Message;
        Assert.Contains("not 18 and 8", message, StringComparison.Ordinal);
    }
}

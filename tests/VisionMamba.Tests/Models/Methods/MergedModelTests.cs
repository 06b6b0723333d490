using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Tests.Files;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Models.Methods;

/// <summary>Methods written into the weights: the same function, as a plain model.</summary>
public sealed class MergedModelTests : IDisposable
{
    private const string All = "in_proj.x,in_proj.z,x_proj.delta,x_proj.b,x_proj.c,dt_proj,out_proj";
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("lora", $$"""{"rank":3,"alpha":6,"sites":"{{All}}"}""", "full", 3)]
    [InlineData("lora", """{"rank":3,"alpha":6,"sites":"in_proj,x_proj,dt_proj,out_proj"}""", "full", 3)]
    [InlineData("additional-scan", """{"states":2}""", "full", 5)]
    [InlineData(
        "additional-scan+lora",
        $$$"""{"lora":{"rank":2,"sites":"{{{All}}}"},"additional-scan":{"states":4}}""", "full", 7)]
    [InlineData(
        "lora+additional-scan",
        $$$"""{"lora":{"rank":2,"sites":"{{{All}}}"},"additional-scan":{"states":4}}""", "full", 7)]
    [InlineData("svp+lora", """{"svp":{"shared_layers":2,"inner_width":6},"lora":{"rank":2}}""", "svp", 3)]
    [InlineData(
        "affix+lora+adapter",
        """{"affix":{"tokens":2},"lora":{"rank":2,"sites":"in_proj,x_proj"}}""", "affix+adapter", 3)]
    [InlineData("lora+bitfit", """{"lora":{"rank":2}}""", "bitfit", 3)]
    public void ComputesTheSameFunction(string method, string settings, string rest, int states)
    {
        VisionMambaModel model = new MethodCase(method, settings, null!, 0).Model();
        float[] expected = MethodCase.Run(model);
        VisionMambaModel merged = MergedModel.Of(model);
        Assert.Equal(rest, merged.Method.Name);
        Assert.Equal(model.Config with { State = states }, merged.Config);
        Assert.DoesNotContain(
            merged.Parameters.All, p => p.Name!.StartsWith("lora.") || p.Name.StartsWith("additional_scan."));
        Near(expected, MethodCase.Run(merged));
        Assert.Equal(expected, MethodCase.Run(model)); // its own weights are as they were

        // Whoever opens the file needs to know nothing of the method.
        ModelFile.Save(_folder["file"], merged, new ModelCard());
        Assert.Equal(MethodCase.Run(merged), MethodCase.Run(ModelFile.Load(_folder["file"]).Model));
    }

    [Theory]
    [InlineData("lora", """{"rank":3}""")]
    [InlineData("additional-scan", """{"states":2}""")]
    public void APlainExportIsReadByItsShapesAlone(string method, string settings)
    {
        VisionMambaModel model = new MethodCase(method, settings, null!, 0).Model();
        ModelExport.Torch(
            _folder["plain.pth"], MergedModel.Of(model), new ModelCard(), CheckpointLayout.Plain, ElementType.F32, []);
        LoadedModel plain = ModelFile.Load(_folder["plain.pth"], new LoadOptions { ImageSize = 12, Stride = 4 });
        Assert.Equal("full", plain.Model.Method.Name);
        Near(MethodCase.Run(model), MethodCase.Run(plain.Model));
    }

    [Fact]
    public void AWeightIsTheSumRoundedOnce()
    {
        VisionMambaModel model = new MethodCase(
            "lora", """{"rank":3,"alpha":6,"sites":"x_proj.c"}""", null!, 0).Model();
        VisionMambaModel merged = MergedModel.Of(model);
        Dictionary<string, Block> p = MethodCase.Blocks(model);
        foreach (string name in new[] { "x_proj", "x_proj_b" })
        {
            string weight = $"layers.1.mixer.{name}.weight";
            Block w = p[weight], a = p[$"lora.1.{name}.c.down.weight"], b = p[$"lora.1.{name}.c.up.weight"];
            for (int row = 0; row < w.Rows; row++)
            {
                for (int c = 0; c < w.Columns; c++)
                {
                    double sum = w[row, c];
                    for (int r = 0; r < 3 && row >= 5; r++) // 2 of the step size and 3 of B stand before C
                        sum += 2 * b[row - 5, r] * a[r, c];
                    Assert.Equal(sum, merged.Parameters[weight].Span[(row * w.Columns) + c], 1e-7 * Math.Abs(sum));
                }
            }
        }

        Assert.All(
            merged.Parameters.All.Where(m => !m.Name!.Contains("x_proj")),
            m => Assert.True(ReferenceEquals(m.Storage, model.Parameters[m.Name!].Storage), m.Name));
    }

    [Theory]
    [InlineData("svp")]
    [InlineData("adapter")]
    [InlineData("conv1d")]
    public void WhatDoesNotMergeStaysAsItIs(string method)
    {
        VisionMambaModel model = SmallModels.Create(method);
        Assert.Same(model, MergedModel.Of(model));
    }

    /// <summary>Before anything is learnt these compute the frozen backbone, to the bit.</summary>
    [Theory]
    [InlineData("lora", $$"""{"sites":"{{All}}"}""")]
    [InlineData("adapter", """{"mode":"parallel"}""")]
    [InlineData("adapter", """{"mode":"sequential"}""")]
    [InlineData("adapter", """{"mode":"out-proj"}""")]
    [InlineData("additional-scan", """{"start":"frozen"}""")]
    public void TrainingStartsAtTheFrozenBackbone(string method, string settings)
    {
        VisionMambaModel backbone = SmallModels.Create("linear"), model = SmallModels.On(backbone, method, settings);
        Assert.Equal(
            SmallModels.Logits(SmallModels.On(backbone, "linear")), SmallModels.Logits(model));
    }

    [Fact]
    public void AdditionalStatesStartAsTheFirstOne()
    {
        VisionMambaModel backbone = SmallModels.Create("linear");
        Tensor known = backbone.Parameters["layers.2.mixer.A_b_log"];
        for (int i = 0; i < known.Span.Length; i++)
            known.Span[i] = 0.01f * i;
        VisionMambaModel model = SmallModels.On(backbone, "additional-scan", """{"states":2}""");
        Tensor added = model.Parameters["additional_scan.2.A_log_b"];
        for (int channel = 0; channel < added.Rows; channel++)
        {
            float first = known.Span[channel * known.Columns];
            Assert.Equal([first, first], added.Span.Slice(channel * 2, 2).ToArray());
        }

        Assert.Contains(model.Parameters["additional_scan.2.x_proj_b.weight"].Span[^40..].ToArray(), v => v != 0);
    }

    [Theory]
    [InlineData("lora", """{"sites":"in_proj,foo"}""", "unknown site 'foo'")]
    [InlineData("lora", """{"sites":"in_proj.x,in_proj"}""", "is a part of 'in_proj'")]
    [InlineData("lora", """{"sites":"in_proj,in_proj"}""", "named twice")]
    [InlineData("lora", """{"rank":0}""", "rank must be")]
    [InlineData("lora", """{"dropout":1}""", "dropout must be")]
    [InlineData("adapter", """{"mode":"across"}""", "unknown adapter mode 'across'")]
    [InlineData("adapter", """{"width":0}""", "width must be")]
    [InlineData("additional-scan", """{"states":0}""", "states must be")]
    [InlineData("additional-scan", """{"start":"late"}""", "unknown start of additional scans 'late'")]
    public void WhatMakesNoSenseIsRefusedInOneLine(string method, string settings, string reason)
    {
        string message = Assert.Throws<VisionMambaException>(
            () => TuningMethods.Create(method, (JsonObject)JsonNode.Parse(settings)!)).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private static void Near(float[] expected, float[] actual)
    {
        double scale = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-5 * scale);
    }
}

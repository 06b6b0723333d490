using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Tests.Models;

public sealed class ModelFileTests : IDisposable
{
    private static readonly VisionMambaConfig s_small = VisionMambaConfig.OfWidth(20) with
    {
        Depth = 3,
        ImageSize = 24,
        Patch = 8,
        Stride = 4,
        Classes = 5,
        State = 3,
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("visionmamba-").FullName;

    public static TheoryData<string, string, NormKind, int> Models => new()
    {
        {
            "svp", """{"shared_layers":2,"inner_width":7,"prompt_depth":2,"cross_prompt_source":"token"}""",
            NormKind.RmsNorm, 2
        },
        { "svp", """{"shared_layers":3,"dropout":0.25}""", NormKind.LayerNorm, 1 },
        { "linear", "{}", NormKind.RmsNorm, 1 },
        { "full", "{}", NormKind.LayerNorm, 2 },
    };

    private string FilePath => Path.Combine(_folder, "model.safetensors");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Models))]
    public void RoundTripKeepsEverything(string method, string settings, NormKind norm, int headLayers)
    {
        VisionMambaConfig config =
            s_small with { Norm = norm, HeadLayers = headLayers, SimAm = norm == NormKind.LayerNorm };
        VisionMambaModel model = Create(method, settings, config);
        var card = new ModelCard
        {
            Classes = ["a", "b", "c", "d", "é,\""],
            Provenance = new JsonObject { ["from"] = "test" },
        };
        ModelFile.Save(FilePath, model, card);
        LoadedModel loaded = ModelFile.Load(FilePath);
        Assert.Equal(model.Config, loaded.Model.Config);
        Assert.Equal(model.Method.Name, loaded.Model.Method.Name);
        Assert.Equal(model.Method.Settings.ToJsonString(), loaded.Model.Method.Settings.ToJsonString());
        Assert.Equal(card.Classes, loaded.Card.Classes);
        Assert.Empty(loaded.Notes);
        Assert.Equal(Logits(model), Logits(loaded.Model));
    }

    [Theory]
    [InlineData("svp", """{"shared_layers":3}""")]
    [InlineData("full", "{}")]
    public void AModelThatOnlyAnswersStaysInItsFile(string method, string settings)
    {
        VisionMambaModel model = Create(method, settings, s_small);
        string pth = Path.Combine(_folder, "model.pth");
        ModelFile.Save(FilePath, model, new ModelCard());
        ModelExport.Torch(pth, model, new ModelCard(), CheckpointLayout.Native, ElementType.F32, []);
        foreach (string path in new[] { FilePath, pth })
        {
            LoadedModel mapped = ModelFile.Load(path, new LoadOptions { View = true });
            Assert.All(mapped.Model.Parameters.All, p => Assert.False(p.Storage.OwnsMemory, p.Name));
            Assert.Equal(Logits(model), Logits(mapped.Model));
        }

        Assert.Contains(ModelFile.Load(FilePath).Model.Parameters.Trainable, p => p.Storage.OwnsMemory);
    }

    [Fact]
    public void ABackboneGetsANewHeadAndFreshPromptsThatChangeNothingYet()
    {
        VisionMambaModel model = Create("full", "{}", s_small);
        ModelFile.Save(FilePath, model, new ModelCard());
        VisionMambaModel linear = Backbone("linear"), svp = Backbone("svp");
        Assert.Equal(9, linear.Config.Classes);
        // The scales start at zero, so prompting starts at the frozen model.
        Assert.Equal(Logits(linear), Logits(svp));
        const string kept = "layers.2.mixer.D_b";
        Assert.Equal(model.Parameters[kept].Span.ToArray(), svp.Parameters[kept].Span.ToArray());
    }

    [Fact]
    public void WrongNamesAndShapesAreOneErrorThatListsThem()
    {
        VisionMambaModel model = Create("full", "{}", s_small);
        var tensors = model.Parameters.All.Select(p => (p.Name!, p)).ToList();
        tensors.RemoveAll(t => t.Item1 == "layers.1.mixer.D");
        tensors[tensors.FindIndex(t => t.Item1 == "norm_f.weight")] = ("norm_f.weight", new Tensor(3));
        tensors.Add(("layers.0.mixer.gamma", new Tensor(2)));
        SafetensorsWriter.Write(FilePath, tensors, new Dictionary<string, string>());
        string message = Assert.Throws<VisionMambaException>(() => ModelFile.Load(FilePath)).Message;
        Assert.Contains(FilePath, message);
        Assert.Contains("missing layers.1.mixer.D", message);
        Assert.Contains("norm_f.weight is (3)", message);
        Assert.Contains("unexpected layers.0.mixer.gamma", message);
        Assert.DoesNotContain("\n", message);
    }

    /// <summary>What Vim registers where it turns tokens by their places, which is not computed here.</summary>
    [Fact]
    public void AModelWithRotaryEmbeddingsIsRefused()
    {
        Write(Create("full", "{}", s_small), ("rope.freqs_cos", new Tensor(25, 20)));
        foreach (Func<object> load in new Func<object>[] { () => ModelFile.Load(FilePath), () => Backbone("svp") })
            Assert.Contains("rotary", Assert.Throws<VisionMambaException>(load).Message);
    }

    [Fact]
    public void ALongListOfNamesIsCut()
    {
        var tensors = Enumerable.Range(0, 500).Select(i => ($"other.{i}", new Tensor(1))).ToArray();
        Write(Create("full", "{}", s_small), tensors);
        string message = Assert.Throws<VisionMambaException>(() => ModelFile.Load(FilePath)).Message;
        Assert.Contains("; and 480 more", message);
        Assert.True(message.Length < 1500, $"{message.Length} characters");
    }

    [Theory]
    [InlineData()]
    [InlineData(7)]
    [InlineData(1, 25, 20)]
    [InlineData(1, 26, 19)]
    [InlineData(2, 26, 20)]
    public void PositionsThatAreNoSquareCannotBeResized(params int[] shape)
    {
        VisionMambaModel model = Create("full", "{}", s_small);
        var tensors = model.Parameters.All.Where(p => p.Name != "pos_embed").Select(p => (p.Name!, p)).ToList();
        tensors.Add(("pos_embed", new Tensor(shape)));
        SafetensorsWriter.Write(FilePath, tensors, new Dictionary<string, string>
        {
            ["visionmamba.config"] = ConfigJson.Write(s_small).ToJsonString(),
        });
        string message = Assert.Throws<VisionMambaException>(() => ModelFile.LoadBackbone(
            FilePath, TuningMethods.Create("linear", []), 5, 1, false, 0, new LoadOptions { TargetImageSize = 32 }))
            .Message;
        Assert.Contains("pos_embed", message);
        Assert.Contains(FilePath, message);
    }

    /// <summary>Nothing that a file records can be said otherwise, and nothing that is said is passed over.</summary>
    [Theory]
    [InlineData("svp", """{"shared_layers":2}""")]
    [InlineData("svp+lora", """{"svp":{"shared_layers":2}}""")]
    public void WhatAFileRecordsIsNotSaidOtherwise(string method, string settings)
    {
        ModelFile.Save(FilePath, Create(method, settings, s_small), new ModelCard());
        var recorded = new LoadOptions
        {
            ImageSize = s_small.ImageSize,
            Stride = s_small.Stride,
            SimAm = false,
            SharedLayers = 2,
            CrossPromptSource = "token",
        };
        Assert.False(ModelFile.Load(FilePath, recorded).AssumedCrossPrompts);
        foreach ((string flag, LoadOptions other) in new[]
        {
            ("--image-size", recorded with { ImageSize = 999 }), ("--stride", recorded with { Stride = 3 }),
            ("--simam", recorded with { SimAm = true }), ("--shared-layers", recorded with { SharedLayers = 1 }),
            ("--cross-prompt-source", recorded with { CrossPromptSource = "paired-halves" }),
        })
        {
            string message = Assert.Throws<VisionMambaException>(() => ModelFile.Load(FilePath, other)).Message;
            Assert.Contains(FilePath, message);
            Assert.Contains(flag, message);
            Assert.Contains("leave it out", message);
        }

        ModelFile.Save(FilePath, Create("full", "{}", s_small), new ModelCard());
        Assert.Contains("--shared-layers", Assert.Throws<VisionMambaException>(
            () => ModelFile.Load(FilePath, new LoadOptions { SharedLayers = 2 })).Message);
    }

    [Fact]
    public void ABackboneNeedsNoHead()
    {
        VisionMambaModel model = Create("full", "{}", s_small);
        SafetensorsWriter.Write(
            FilePath, model.Parameters.All.Where(p => !p.Name!.StartsWith("head.")).Select(p => (p.Name!, p)),
            new Dictionary<string, string>());
        var options = new LoadOptions { ImageSize = s_small.ImageSize, Stride = s_small.Stride };
        VisionMambaModel loaded = ModelFile.LoadBackbone(
            FilePath, TuningMethods.Create("linear", []), 7, 1, false, 0, options).Model;
        Assert.Equal(model.Parameters["pos_embed"].Span.ToArray(), loaded.Parameters["pos_embed"].Span.ToArray());
        Assert.Equal(7, loaded.Config.Classes);
        Assert.Contains(
            "head.weight", Assert.Throws<VisionMambaException>(() => ModelFile.Load(FilePath, options)).Message);
    }

    [Fact]
    public void AMethodHoldsTheParametersOfOneModel()
    {
        TuningMethod svp = TuningMethods.Create("svp", new JsonObject { ["shared_layers"] = 1 });
        _ = new VisionMambaModel(s_small, svp, seed: 0);
        Assert.Contains("another model", Assert.Throws<InvalidOperationException>(
            () => new VisionMambaModel(s_small, svp, seed: 1)).Message);
    }

    [Theory]
    [InlineData("tiny", 7.1)]
    [InlineData("small", 25.8)]
    [InlineData("base", 97.6)]
    public void PresetsHaveThePublishedSizes(string name, double millions)
    {
        VisionMambaModel model = new(VisionMambaConfig.Presets[name], TuningMethods.Create("full", []), 0);
        Assert.Equal(millions, model.Parameters.All.Sum(p => p.Count) / 1e6, 0.4);
    }

    [Fact]
    public void SvpOnVimSmallHasThePublishedNumberOfPromptParameters()
    {
        var settings = new JsonObject { ["shared_layers"] = 8, ["inner_width"] = 64 };
        VisionMambaModel model = new(VisionMambaConfig.Presets["small"], TuningMethods.Create("svp", settings), 0);
        IEnumerable<Tensor> prompts = model.Parameters.All.Where(
            p => p.Name!.StartsWith("prompt_", StringComparison.Ordinal));
        Assert.Equal(1_644_288, prompts.Sum(p => p.Count));
    }

    private static VisionMambaModel Create(string method, string settings, VisionMambaConfig config)
    {
        var model = new VisionMambaModel(
            config, TuningMethods.Create(method, (JsonObject)JsonNode.Parse(settings)!), seed: 4);
        foreach (Tensor scale in model.Parameters.All.Where(p => p.Name!.Contains("scale", StringComparison.Ordinal)))
            scale.Span.Fill(0.3f);
        return model;
    }

    /// <summary>The model's tensors and others, without metadata.</summary>
    private void Write(VisionMambaModel model, params (string Name, Tensor Tensor)[] others) => SafetensorsWriter.Write(
        FilePath, [.. model.Parameters.All.Select(p => (p.Name!, p)), .. others], new Dictionary<string, string>());

    private static float[] Logits(VisionMambaModel model)
    {
        using var backend = new CpuBackend(1);
        using var session = new ModelSession(model, backend);
        float[] pixels = [.. Enumerable.Range(0, 3 * 24 * 24).Select(i => MathF.Cos(i))];
        return session.Logits(pixels, 1);
    }

    private VisionMambaModel Backbone(string method) => ModelFile.LoadBackbone(
        FilePath, TuningMethods.Create(method, new JsonObject { ["shared_layers"] = 2 }), classes: 9, headLayers: 1,
        simAm: false, seed: 8).Model;
}

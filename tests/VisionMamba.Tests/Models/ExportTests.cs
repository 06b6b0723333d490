using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting.Svp;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Tests.Files;
using VisionMamba.Tests.Golden;

namespace VisionMamba.Tests.Models;

public sealed class ExportTests : IDisposable
{
    private static readonly List<string> s_notes = [];
    private readonly TestFolder _folder = new();

    public static IEnumerable<TheoryDataRow<string>> Recorded =>
        ModelCase.Names("forward_backward").Concat(ModelCase.Names("training"));

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// The released code loads what has its names and shapes; torch numbers parameters by their order.
    /// </summary>
    [Theory]
    [MemberData(nameof(Recorded))]
    public void AReleasedCheckpointComesOutAsItWentIn(string name)
    {
        ModelCase reference = ModelCase.Open(name);
        ModelExport.Torch(
            _folder["x.pth"], reference.Load(), new ModelCard(), CheckpointLayout.Released, ElementType.F32, s_notes);
        using TensorFile before = TensorFile.Open(reference.CheckpointPath), after = TensorFile.Open(_folder["x.pth"]);
        Assert.Equal(before.Tensors.Keys, after.Tensors.Keys);
        foreach ((string key, StoredTensor tensor) in before.Tensors)
        {
            Assert.Equal(tensor.Shape.ToArray(), after.Tensors[key].Shape.ToArray());
            Assert.Equal(tensor.ToTensor().Span.ToArray(), after.Tensors[key].ToTensor().Span.ToArray());
        }
    }

    [Theory]
    [InlineData("pth", CheckpointLayout.Native)]
    [InlineData("pth", CheckpointLayout.Released)]
    [InlineData("pth", CheckpointLayout.Plain)]
    [InlineData("safetensors", CheckpointLayout.Native)]
    [InlineData("safetensors", CheckpointLayout.Released)]
    [InlineData("safetensors", CheckpointLayout.Plain)]
    public void EveryFormatAndLayoutIsReadBackExactly(string format, CheckpointLayout layout)
    {
        VisionMambaModel model = SmallModels.Create(
            "svp", """{"shared_layers":2,"inner_width":64,"cross_prompt_source":"paired-halves"}""",
            SmallModels.Config with { ImageSize = 20, Patch = 8, Stride = 4 });
        var card = new ModelCard { Classes = ["a", "b", "c", "d", "é"] };
        string path = Export(format, model, card, layout, ElementType.F32);
        using TensorFile file = TensorFile.Open(path);
        bool bare = !file.Metadata.Keys.Any(k => k.StartsWith("visionmamba.", StringComparison.Ordinal));
        Assert.Equal(layout == CheckpointLayout.Plain, bare);
        LoadedModel loaded = ModelFile.Load(path, new LoadOptions
        {
            ImageSize = 20,
            Stride = 4,
            CrossPromptSource = "paired-halves",
            SharedLayers = 2,
        });
        Assert.Equal(SmallModels.Logits(model), SmallModels.Logits(loaded.Model));
        Assert.Equal(layout == CheckpointLayout.Plain ? [] : card.Classes, loaded.Card.Classes);
        int rows = layout == CheckpointLayout.Released ? 24 : 4;
        Assert.Equal(rows, loaded.Model.Parameters["prompt_scale"].Shape[0]);
    }

    [Theory]
    [InlineData("pth", ElementType.F16)]
    [InlineData("pth", ElementType.BF16)]
    [InlineData("safetensors", ElementType.F16)]
    [InlineData("safetensors", ElementType.BF16)]
    public void ANarrowFileHoldsTheNearestNumbersAndStaysWhatItIs(string format, ElementType type)
    {
        VisionMambaModel model = SmallModels.Create("svp");
        string path = Export(format, model, new ModelCard(), CheckpointLayout.Native, type);
        VisionMambaModel narrow = ModelFile.Load(path).Model;
        foreach (Tensor parameter in model.Parameters.All)
        {
            ReadOnlySpan<float> stored = narrow.Parameters[parameter.Name!].Span;
            for (int i = 0; i < stored.Length; i++)
                Assert.Equal(Nearest(parameter.Span[i], type), stored[i]);
        }

        byte[] first = File.ReadAllBytes(path);
        Export(format, narrow, new ModelCard(), CheckpointLayout.Native, type);
        Assert.Equal(first, File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData("""{"shared_layers":3,"inner_width":7}""", 1)]
    [InlineData("""{"shared_layers":3,"inner_width":64,"prompt_depth":3}""", 1)]
    [InlineData("""{"shared_layers":2,"inner_width":70,"prompt_depth":2}""", 2)]
    [InlineData("""{"shared_layers":4,"inner_width":128}""", 4)]
    // The file's groups are smaller than the model's, and some of their layers are not prompted.
    [InlineData("""{"shared_layers":4,"inner_width":64,"prompt_depth":2}""", 2)]
    [InlineData("""{"shared_layers":3,"inner_width":64,"prompt_depth":2}""", 1)]
    public void WhatTheReleasedCodeCannotMakeIsPaddedAndRepeatedToTheSameFunction(string settings, int shared)
    {
        VisionMambaModel model = SmallModels.Create("svp", settings);
        var notes = new List<string>();
        VisionMambaModel released = ReleasedLayout.Of(model, notes);
        var config = ((SvpMethod)released.Method).Config;
        Assert.Equal((shared, 0), (config.SharedLayers, config.PromptDepth));
        Assert.Contains(config.InnerWidth, new[] { 64, 128 });
        Assert.Equal([24, 20], released.Parameters["prompt_scale"].Shape.ToArray());
        Assert.Equal(4 / shared, released.Parameters["prompt_shared_scale"].Shape[0]);
        float[] expected = SmallModels.Logits(model), actual = SmallModels.Logits(released);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-6f);
        Assert.Contains(notes, n => n.Contains("paired-halves")); // the tokenwise reading is not the released code's
    }

    /// <summary>What only chooses among the backbone's parameters adds nothing that the layout cannot hold.</summary>
    [Theory]
    [InlineData("svp+bitfit")]
    [InlineData("bitfit+svp")]
    [InlineData("svp+partial")]
    public void SvpBesideWhatAddsNothingIsLaidOutAsSvp(string method)
    {
        VisionMambaModel model = SmallModels.Create(
            method, """{"svp":{"shared_layers":3,"inner_width":7,"scale_rows":30}}""");
        var notes = new List<string>();
        VisionMambaModel released = ReleasedLayout.Of(model, notes);
        Assert.Equal(method, released.Method.Name);
        Assert.Equal(
            model.Parameters.Trainable.Select(p => p.Name).Order().Where(n => !n!.StartsWith("prompt_")),
            released.Parameters.Trainable.Select(p => p.Name).Order().Where(n => !n!.StartsWith("prompt_")));
        Assert.Equal([24, 20], released.Parameters["prompt_scale"].Shape.ToArray());
        float[] expected = SmallModels.Logits(model), actual = SmallModels.Logits(released);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-6f);
        Assert.DoesNotContain(notes, n => n.Contains("the released code has no"));
    }

    [Theory]
    [InlineData("vpt-deep", true)]
    [InlineData("svp+adapter", true)]
    [InlineData("bitfit", false)]
    [InlineData("adapter", true)]
    [InlineData("linear", false)]
    [InlineData("full", false)]
    public void WhatTheReleasedCodeDoesNotKnowIsSaid(string method, bool said)
    {
        var notes = new List<string>();
        ReleasedLayout.Of(SmallModels.Create(method, """{"svp":{"shared_layers":2}}"""), notes);
        Assert.Equal(said, notes.Any(n => n.Contains($"the released code has no '{method}'")));
    }

    [Theory]
    [InlineData("""{"shared_layers":2,"inner_width":129}""", 4, "inner width")]
    [InlineData("""{"shared_layers":5,"inner_width":64}""", 25, "25 layers")]
    public void WhatHasNoReleasedFormIsRefused(string settings, int depth, string says)
    {
        VisionMambaModel model = SmallModels.Create("svp", settings, SmallModels.Config with { Depth = depth });
        string message = Assert.Throws<VisionMambaException>(() => ReleasedLayout.Of(model, s_notes)).Message;
        Assert.Contains(says, message);
        Assert.Contains("--layout", message);
    }

    [Fact]
    public void SharedLayersThatTheShapesLeaveOpenAreAskedFor()
    {
        // 24 layers shared by 9 have 3 cross prompts, as have 8, 10 and 11.
        VisionMambaConfig deep = SmallModels.Config with { Depth = 24 };
        VisionMambaModel model = SmallModels.Create("svp", """{"shared_layers":9,"inner_width":4}""", deep);
        string path = Export("safetensors", model, new ModelCard(), CheckpointLayout.Plain, ElementType.F32);
        var options = new LoadOptions { ImageSize = 24, Stride = 4, CrossPromptSource = "token" };
        LoadedModel guessed = ModelFile.Load(path, options);
        Assert.Contains(guessed.Notes, n => n.Contains("8 to 11") && n.Contains("--shared-layers"));
        Assert.Equal(8, ((SvpMethod)guessed.Model.Method).Config.SharedLayers);
        LoadedModel told = ModelFile.Load(path, options with { SharedLayers = 9 });
        Assert.DoesNotContain(told.Notes, n => n.Contains("--shared-layers"));
        Assert.Equal(SmallModels.Logits(model), SmallModels.Logits(told.Model));
        Assert.NotEqual(SmallModels.Logits(model), SmallModels.Logits(guessed.Model));
        string message = Assert.Throws<VisionMambaException>(
            () => ModelFile.Load(path, options with { SharedLayers = 12 })).Message;
        Assert.Contains("8 to 11", message);
    }

    [Theory]
    [InlineData(10, 10)]
    [InlineData(12, 8)] // what cannot be true is not believed
    public void ThePythonRunsArgumentsSayHowManyLayersShare(int recorded, int taken)
    {
        VisionMambaConfig deep = SmallModels.Config with { Depth = 24 };
        VisionMambaModel model = SmallModels.Create("svp", """{"shared_layers":9,"inner_width":4}""", deep);
        TorchDict args = TorchDict.Namespace();
        args.Add("shared_layers", recorded);
        args.Add("input_relu", true);
        TorchArchiveWriter.Write(
            _folder["x.pth"], new TorchDict { { "model", ModelExport.StateDict(model) }, { "args", args } });
        LoadedModel loaded = ModelFile.Load(_folder["x.pth"], new LoadOptions { ImageSize = 24, Stride = 4 });
        Assert.Equal(taken, ((SvpMethod)loaded.Model.Method).Config.SharedLayers);
        Assert.True(loaded.Model.Config.SimAm);
    }

    private string Export(
        string format, VisionMambaModel model, ModelCard card, CheckpointLayout layout, ElementType type)
    {
        string path = _folder["model." + format];
        if (format == "pth")
            ModelExport.Torch(path, model, card, layout, type, s_notes);
        else
            ModelExport.Safetensors(path, model, card, layout, type, s_notes);
        return path;
    }

    /// <summary>By search among the neighbours, in double precision, ties to the even one.</summary>
    private static float Nearest(float value, ElementType type)
    {
        if (type == ElementType.F16)
            return (float)(Half)value;
        uint bits = BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000;
        float low = BitConverter.UInt32BitsToSingle(bits), high = BitConverter.UInt32BitsToSingle(bits + 0x10000);
        double below = Math.Abs((double)value - low), above = Math.Abs((double)high - value);
        return below < above || (below == above && (bits & 0x10000) == 0) ? low : high;
    }
}

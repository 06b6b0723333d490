using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Training;

namespace VisionMamba.Tests.Training;

/// <summary>Whole runs with the methods on tokens, images and chosen parameters.</summary>
public sealed class TokenMethodTrainingTests : TinyTraining
{
    public static TheoryData<string, string> Methods => new()
    {
        { "bitfit", "{}" },
        { "partial", "{}" },
        { "vp", """{"size":3}""" },
        { "vpt-shallow", """{"tokens":3,"placement":"middle","dropout":0.2}""" },
        { "vpt-deep", """{"tokens":2,"placement":"ends","dropout":0.2,"project":5}""" },
        { "affix", """{"tokens":2}""" },
        { "svp", """{"shared_layers":2,"prompts":"cross","dropout":0.1}""" },
        { "svp", """{"inner_width":4,"shared_layers":1,"prompts":"inner"}""" },
        { "vpt-deep+svp+vp", """{"svp":{"shared_layers":1,"dropout":0.1},"vpt-deep":{"tokens":2,"dropout":0.2}}""" },
    };

    [Theory]
    [MemberData(nameof(Methods))]
    public void OnlyWhatIsDeclaredChangesAndARunGoesOnWithTheSameBits(string method, string settings)
    {
        VisionMambaModel model = Model(method, settings);
        Dictionary<string, float[]> before = model.Parameters.All.ToDictionary(p => p.Name!, p => p.Span.ToArray());
        TrainingOptions options = Options with { DropPath = 0.2f, LayerDecay = 0.9 };
        Train("whole", model, new Recorder(), options);
        foreach (Tensor parameter in model.Parameters.All)
        {
            bool same = before[parameter.Name!].AsSpan().SequenceEqual(parameter.Span);
            Assert.True(same != parameter.NeedsGradient, parameter.Name);
        }

        using var cancel = new CancellationTokenSource();
        Assert.False(Train(
            "cut", Model(method, settings), new Recorder { CancelAfter = (6, cancel) }, options, cancel).Finished);
        Resume("cut", options);
        const string Last = "last.safetensors";
        Assert.Equal(File.ReadAllBytes(At("whole", Last)), File.ReadAllBytes(At("cut", Last)));
    }

    [Fact]
    public void PiecesOfABatchDropTheSameElements()
    {
        const string Settings = """{"tokens":3,"dropout":0.4}""";
        TrainingOptions options = Options with { Epochs = 1, WarmupEpochs = 0 };
        VisionMambaModel whole = Model("vpt-deep", Settings), pieces = Model("vpt-deep", Settings);
        Train("whole", whole, new Recorder(), options);
        Train("pieces", pieces, new Recorder(), options with { MicroBatch = 3 });
        foreach (Tensor parameter in whole.Parameters.Trainable)
        {
            for (int i = 0; i < parameter.Span.Length; i++)
                Assert.Equal(parameter.Span[i], pieces.Parameters[parameter.Name!].Span[i], 1e-4);
        }
    }

    private static VisionMambaModel Model(string method, string settings) => new(
        Model("full").Config, TuningMethods.Create(method, (JsonObject)JsonNode.Parse(settings)!), seed: 3);
}

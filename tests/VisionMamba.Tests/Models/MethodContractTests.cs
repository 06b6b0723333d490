using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Training;
using VisionMamba.Training;

namespace VisionMamba.Tests.Models;

/// <summary>
/// What every registered tuning method promises, and some combinations: only what it declares changes, its files are
/// whole, and neither threads nor an interruption nor pieces of a batch change a run.
/// </summary>
public sealed class MethodContractTests : TinyTraining
{
    /// <summary>Where a method's defaults do not fit the tiny model, and where dropout should act.</summary>
    private static readonly Dictionary<string, string> s_settings = new()
    {
        ["svp"] = """{"shared_layers":1,"inner_width":4,"dropout":0.1}""",
        ["vpt-shallow"] = """{"tokens":3,"dropout":0.2}""",
        ["vpt-deep"] = """{"tokens":2,"dropout":0.2}""",
        ["lora"] = """{"sites":"in_proj.x,x_proj,dt_proj,out_proj","rank":3,"alpha":3,"dropout":0.2}""",
        ["adapter"] = """{"width":5,"scale":1,"dropout":0.2}""",
        ["svp+lora"] = """{"svp":{"shared_layers":1,"inner_width":4},"lora":{"sites":"in_proj,x_proj.b","rank":3}}""",
        ["adapter+additional-scan+conv1d"] = """{"adapter":{"mode":"sequential","width":4}}""",
    };

    public static TheoryData<string> Names =>
        [.. TuningMethods.All.Select(m => m.Name), .. s_settings.Keys.Where(k => k.Contains('+'))];

    [Theory]
    [MemberData(nameof(Names))]
    public void OnlyWhatTrainsChangesAndARunGoesOnWithTheSameBitsOnOtherThreads(string method)
    {
        VisionMambaModel model = Create(method);
        Dictionary<string, float[]> before = model.Parameters.All.ToDictionary(p => p.Name!, p => p.Span.ToArray());
        TrainingOptions options = Options with { DropPath = 0.2f, LayerDecay = 0.9 };
        Train("whole", model, new Recorder(), options);
        foreach (Tensor parameter in model.Parameters.All)
        {
            bool same = before[parameter.Name!].AsSpan().SequenceEqual(parameter.Span);
            Assert.True(same != model.Method.Trains(parameter.Name!), parameter.Name);
            Assert.Equal(parameter.NeedsGradient, model.Method.Trains(parameter.Name!));
        }

        using var cancel = new CancellationTokenSource();
        Assert.False(Train(
            "cut", Create(method), new Recorder { CancelAfter = (6, cancel) }, options, cancel, threads: 1).Finished);
        VisionMambaModel loaded = ModelFile.Load(At("cut", "last.safetensors"), new LoadOptions { Copy = true }).Model;
        Train("cut", loaded, new Recorder(), options, resume: true, threads: 1);
        foreach (string file in new[] { "last.safetensors", "best.safetensors", "steps.jsonl" })
            Assert.Equal(File.ReadAllBytes(At("whole", file)), File.ReadAllBytes(At("cut", file)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void PiecesOfABatchMakeTheSameDecisions(string method)
    {
        // Momentum is linear in the gradient: AdamW's steps are as large as the rate however small the gradient is.
        TrainingOptions options = Options with { Epochs = 1, WarmupEpochs = 0, Opt = "momentum" };
        VisionMambaModel whole = Create(method), pieces = Create(method), start = Create(method);
        Train("whole", whole, new Recorder(), options);
        Train("pieces", pieces, new Recorder(), options with { MicroBatch = 3 });
        foreach (Tensor parameter in whole.Parameters.Trainable)
        {
            ReadOnlySpan<float> other = pieces.Parameters[parameter.Name!].Span;
            ReadOnlySpan<float> before = start.Parameters[parameter.Name!].Span;
            double error = 0, way = 0;
            for (int i = 0; i < other.Length; i++)
            {
                error += Math.Pow(parameter.Span[i] - other[i], 2);
                way += Math.Pow(parameter.Span[i] - before[i], 2);
            }

            // A weight that hardly moves is rounded more than it is moved.
            double rounding = 1e-7 * Math.Sqrt(before.Length);
            Assert.True(
                Math.Sqrt(error) <= (1e-3 * Math.Sqrt(way)) + rounding,
                $"{parameter.Name}: {Math.Sqrt(error):E1} of {Math.Sqrt(way):E1}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AFileAndAPackHoldAllOfIt(string method)
    {
        VisionMambaModel model = Create(method);
        foreach (Tensor parameter in model.Parameters.Trainable)
        {
            for (int i = 0; i < parameter.Span.Length; i++)
                parameter.Span[i] += 0.1f * MathF.Cos(i);
        }

        string folder = Path.GetDirectoryName(At("files", "model"))!, file = Path.Combine(folder, "model");
        Directory.CreateDirectory(folder);
        ModelFile.Save(file, model, new ModelCard());
        VisionMambaModel loaded = ModelFile.Load(file).Model;
        Assert.Equal(model.Method.Name, loaded.Method.Name);
        Assert.Equal(model.Method.Settings.ToJsonString(), loaded.Method.Settings.ToJsonString());
        Assert.Equal(Logits(model), Logits(loaded));
        if (model.Parameters.All.All(p => p.NeedsGradient))
            return; // a method that changes the whole backbone has no pack
        string pack = Path.Combine(folder, "pack");
        PromptPack.Save(pack, model, new ModelCard(), "model", ownPositions: false);
        Assert.Equal(Logits(model), Logits(PromptPack.Open(pack).Attach(Backbone.Open(file)).Model));
    }

    private static VisionMambaModel Create(string method) => new(
        Model("full").Config,
        TuningMethods.Create(method, (JsonObject)JsonNode.Parse(s_settings.GetValueOrDefault(method, "{}"))!), seed: 3);

    private static float[] Logits(VisionMambaModel model)
    {
        using var backend = new CpuBackend(1);
        using var session = new ModelSession(model, backend);
        return session.Logits([.. Enumerable.Range(0, 2 * 3 * 16 * 16).Select(i => MathF.Cos(i))], 2);
    }
}

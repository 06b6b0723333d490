using System.Text.Json;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tensors.Files;
using VisionMamba.Tests.Files;
using VisionMamba.Training;
using VisionMamba.Training.Interchange;
using VisionMamba.Training.Optimizers;
using VisionMamba.Training.Schedules;

namespace VisionMamba.Tests.Golden;

/// <summary>
/// The training checkpoints that the released code wrote at the end of the recorded runs: our own run ends with the
/// same model and moments, within 1e-5 of their norms, and goes on from the file as from itself.
/// </summary>
public sealed class ReleasedTrainingTests(ITestOutputHelper output)
{
    public static IEnumerable<TheoryDataRow<string>> Cases => ModelCase.Names("training");

    [Theory]
    [MemberData(nameof(Cases))]
    public void OurRunEndsWherePythonsDidAndGoesOnFromItsFile(string name)
    {
        ModelCase reference = ModelCase.Open(name);
        string final = Final(reference);
        using var run = new Run(reference, reference.Load());
        for (int step = 0; step < run.Steps; step++)
            run.Step(step);
        using TensorFile file = TensorFile.Open(final);
        using var resumed = new Run(reference, Load(final, reference));
        ReleasedTraining state = ReleasedTraining.Read(file, resumed.Model);
        Assert.Equal((run.Steps, run.Optimizer.Steps), (state.Steps, state.Steps));
        Assert.Equal(reference.Entry.GetProperty("schedule").GetProperty("epochs").GetInt32(), state.EpochsDone);
        Assert.Equal(0, state.State().EpochsWithoutProgress);
        Assert.Equal(
            reference.Entry.GetProperty("optimizer").GetProperty("weight_decay").GetDouble(), state.WeightDecay);
        Assert.Equal(1e-8, state.Epsilon);
        Assert.Equal([0.9, 0.999], state.Betas);
        Assert.Equal(run.Model.Parameters.Trainable.Select(p => p.Name!).Order(), state.Names.Order());
        state.Fill(resumed.Optimizer);
        Compare("at the end", run, resumed);
        for (int step = 0; step < 3; step++)
        {
            float ours = run.Step(run.Steps + step), theirs = resumed.Step(run.Steps + step);
            Assert.Equal(ours, theirs, 1e-5f * ours);
        }

        Compare("three steps on", run, resumed);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void WhatWeWriteIsTheFileThatPythonWrote(string name)
    {
        ModelCase reference = ModelCase.Open(name);
        string final = Final(reference);
        using TensorFile theirs = TensorFile.Open(final);
        VisionMambaModel model = Load(final, reference);
        ReleasedTraining state = ReleasedTraining.Read(theirs, model);
        var optimizer = new AdamWOptimizer(model.Parameters, state.WeightDecay);
        state.Fill(optimizer);
        Dictionary<string, Tensor> moments = optimizer.State.ToDictionary();
        JsonElement s = reference.Entry.GetProperty("schedule");
        var options = new TrainingOptions
        {
            Batch = 512,
            LearningRate = s.GetProperty("lr").GetDouble(),
            Epochs = s.GetProperty("epochs").GetInt32(),
            WarmupEpochs = s.GetProperty("warmup_epochs").GetInt32(),
            WeightDecay = state.WeightDecay,
        };
        using var folder = new TestFolder();
        ModelExport.Torch(
            folder["x.pth"], model, new ModelCard(), CheckpointLayout.Released, ElementType.F32, [],
            released => ReleasedTrainingWriter.Parts(
                released, state.State(), options, (kind, parameter) => moments[$"optimizer:{kind}:{parameter}"]));
        using TensorFile ours = TensorFile.Open(folder["x.pth"]);
        foreach (string part in new[] { "optimizer", "lr_scheduler", "epoch", "scaler", "model" })
            Same(part, theirs.Root![part]!, ours.Root![part]!);
    }

    [Fact]
    public void WithoutWeightDecayPythonNumbersFrozenParametersToo()
    {
        ModelCase reference = ModelCase.Open(ModelCase.Names("training").First().Data);
        using var run = new Run(reference, reference.Load());
        run.Step(0);
        Dictionary<string, Tensor> moments = run.Optimizer.State.ToDictionary();
        var options = new TrainingOptions { WeightDecay = 0, Epochs = 4 };
        var at = new TrainingState { Epoch = 1, Step = 1 };
        using var folder = new TestFolder();
        ModelExport.Torch(
            folder["x.pth"], run.Model, new ModelCard(), CheckpointLayout.Released, ElementType.F32, [],
            released => ReleasedTrainingWriter.Parts(
                released, at, options, (kind, parameter) => moments[$"optimizer:{kind}:{parameter}"]));
        using TensorFile file = TensorFile.Open(folder["x.pth"]);
        PickleValue group = Assert.Single(file.Root!["optimizer"]!["param_groups"]!.Items);
        Assert.Equal(run.Model.Parameters.All.Count, group["params"]!.Items.Count);
        ReleasedTraining read = ReleasedTraining.Read(file, run.Model);
        Assert.Equal(run.Model.Parameters.Trainable.Count(), read.Names.Count);
        var optimizer = new AdamWOptimizer(run.Model.Parameters, 0);
        read.Fill(optimizer);
        foreach ((string name, Tensor moment) in optimizer.State)
            Assert.Equal(moments[name].Span.ToArray(), moment.Span.ToArray());
    }

    [Fact]
    public void GroupsOfAnotherModelAreRefused()
    {
        ModelCase reference = ModelCase.Open(ModelCase.Names("training").First().Data);
        using TensorFile file = TensorFile.Open(Final(reference));
        JsonElement config = reference.Entry.GetProperty("config");
        VisionMambaModel full = ModelFile.LoadBackbone(
            reference.CheckpointPath, new VisionMamba.Models.Prompting.Full.FullMethod(),
            config.GetProperty("num_classes").GetInt32(), headLayers: 1, simAm: false, seed: 0,
            new LoadOptions { ImageSize = config.GetProperty("img_size").GetInt32() }).Model;
        string message = Assert.Throws<VisionMambaException>(() => ReleasedTraining.Read(file, full)).Message;
        Assert.Contains("groups", message);
        using TensorFile model = TensorFile.Open(reference.CheckpointPath);
        Assert.Throws<VisionMambaException>(() => ReleasedTraining.Read(model, full));
    }

    private static string Final(ModelCase reference)
    {
        string path = reference.CheckpointPath.Replace(".pth", "_final.pth", StringComparison.Ordinal);
        if (!File.Exists(path))
            Assert.Skip("no reference data");
        return path;
    }

    private static VisionMambaModel Load(string path, ModelCase reference) => ModelFile.Load(path, new LoadOptions
    {
        Copy = true,
        CrossPromptSource = "paired-halves",
        ImageSize = reference.Entry.GetProperty("config").GetProperty("img_size").GetInt32(),
    }).Model;

    private void Compare(string when, Run a, Run b)
    {
        foreach (Tensor parameter in a.Model.Parameters.Trainable)
            Near($"{when}: {parameter.Name}", parameter.Span, b.Model.Parameters[parameter.Name!].Span);
        foreach (((string name, Tensor x), (_, Tensor y)) in a.Optimizer.State.Zip(b.Optimizer.State))
            Near($"{when}: {name}", x.Span, y.Span);
    }

    private void Near(string what, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double error = 0, norm = 0;
        for (int i = 0; i < a.Length; i++)
        {
            error += Math.Pow((double)a[i] - b[i], 2);
            norm += Math.Pow(b[i], 2);
        }

        output.WriteLine($"{what}: {Math.Sqrt(error / Math.Max(norm, 1e-60)):E1}");
        Assert.True(
            norm > 0 && Math.Sqrt(error) <= 1e-5 * Math.Sqrt(norm),
            $"{what}: off by {Math.Sqrt(error):E2} of {Math.Sqrt(norm):E2}");
    }

    /// <summary>The same kinds, keys in order, numbers and arrays; rates within rounding.</summary>
    private static void Same(string where, PickleValue a, PickleValue b)
    {
        Assert.Equal(a.GetType(), b.GetType());
        if (a is PickleDict first && b is PickleDict second)
        {
            Assert.Equal(first.TypeName, second.TypeName);
            Assert.Equal(first.Entries.Select(e => e.Key.ToString()), second.Entries.Select(e => e.Key.ToString()));
            foreach (((PickleValue key, PickleValue x), (_, PickleValue y)) in first.Entries.Zip(second.Entries))
                Same($"{where}.{key}", x, y);
        }
        else if (a.Tensor is { } stored)
        {
            Assert.Equal(stored.Type, b.Tensor!.Type);
            Assert.Equal(stored.Shape.ToArray(), b.Tensor.Shape.ToArray());
            Assert.Equal(stored.ToTensor().Span.ToArray(), b.Tensor.ToTensor().Span.ToArray());
        }
        else if (a is PickleSequence list)
        {
            Assert.Equal(list.Kind, ((PickleSequence)b).Kind);
            Assert.Equal(list.Items.Count, b.Items.Count);
            foreach ((PickleValue x, PickleValue y) in list.Items.Zip(b.Items))
                Same(where, x, y);
        }
        else if (a is PickleScalar { Value: double number })
        {
            Assert.Equal(number, (double)((PickleScalar)b).Value!, 1e-15);
        }
        else
        {
            Assert.True(Equals((a as PickleScalar)?.Value, (b as PickleScalar)?.Value), $"{where}: {a} and {b}");
        }
    }

    /// <summary>The recorded training loop; steps beyond its end repeat the recorded batches.</summary>
    private sealed class Run : IDisposable
    {
        private readonly ModelCase _case;
        private readonly CpuBackend _backend = new(2);
        private readonly ModelSession _session;
        private readonly CosineSchedule _schedule;
        private readonly int _perEpoch;

        public Run(ModelCase reference, VisionMambaModel model)
        {
            (_case, Model) = (reference, model);
            _session = new ModelSession(model, _backend);
            Optimizer = new AdamWOptimizer(
                model.Parameters, reference.Entry.GetProperty("optimizer").GetProperty("weight_decay").GetDouble());
            _schedule = TrainingTests.Schedule(reference.Entry.GetProperty("schedule"));
            _perEpoch = reference.Entry.GetProperty("steps_per_epoch").GetInt32();
            Steps = reference.Values("losses").Length;
        }

        public VisionMambaModel Model { get; }

        public AdamWOptimizer Optimizer { get; }

        public int Steps { get; }

        public float Step(int step)
        {
            Model.Parameters.ClearGradients();
            Tensor image = _case.Tensors.Tensors[$"step{step % Steps}.image"].ToTensor();
            Tensor targets = TrainingTests.Targets(_case, step % Steps, Model.Config.Classes);
            float loss = _session.Gradients(image, targets, default);
            Optimizer.Step(_backend, _schedule.RateOfEpoch(step / _perEpoch));
            return loss;
        }

        public void Dispose()
        {
            _session.Dispose();
            _backend.Dispose();
        }
    }
}

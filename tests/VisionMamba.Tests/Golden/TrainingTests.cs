using System.Text.Json;
using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tensors.Files;
using VisionMamba.Training.Losses;
using VisionMamba.Training.Optimizers;
using VisionMamba.Training.Schedules;

namespace VisionMamba.Tests.Golden;

/// <summary>
/// The published training loop's numbers: every loss within 1e-5 relative, every learning rate, and the trained
/// parameters within 1e-4 of the norm of their change.
/// </summary>
public sealed class TrainingTests(ITestOutputHelper output)
{
    public static IEnumerable<TheoryDataRow<string>> Cases => ModelCase.Names("training");

    [Theory]
    [MemberData(nameof(Cases))]
    public void EqualsTheReference(string name)
    {
        ModelCase reference = ModelCase.Open(name);
        VisionMambaModel model = reference.Load();
        var initial = model.Parameters.Trainable.ToDictionary(p => p.Name!, p => p.Span.ToArray());
        using var backend = new CpuBackend(2);
        using var session = new ModelSession(model, backend);
        var optimizer = new AdamWOptimizer(
            model.Parameters, reference.Entry.GetProperty("optimizer").GetProperty("weight_decay").GetDouble());
        CosineSchedule schedule = Schedule(reference.Entry.GetProperty("schedule"));
        int perEpoch = reference.Entry.GetProperty("steps_per_epoch").GetInt32();
        float[] losses = reference.Values("losses"), rates = reference.Values("lrs");
        for (int step = 0; step < losses.Length; step++)
        {
            double rate = schedule.RateOfEpoch(step / perEpoch);
            Assert.Equal(rates[step], rate, 1e-6 * rates[step]);
            model.Parameters.ClearGradients();
            Tensor image = reference.Tensors.Tensors[$"step{step}.image"].ToTensor();
            float loss = session.Gradients(image, Targets(reference, step, model.Config.Classes), default);
            output.WriteLine($"step {step}: loss {loss} against {losses[step]}");
            Assert.Equal(losses[step], loss, 1e-5 * losses[step]);
            optimizer.Step(backend, rate);
        }

        foreach ((string parameter, float[] before) in initial)
            CompareFinal(reference.Values($"final.{parameter}"), model.Parameters[parameter].Span, before, parameter);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void DecaysWhatTheReferenceDecays(string name)
    {
        ModelCase reference = ModelCase.Open(name);
        ParameterSet parameters = reference.Load().Parameters;
        JsonElement groups = reference.Entry.GetProperty("optimizer").GetProperty("no_decay_groups");
        foreach (JsonElement group in groups.EnumerateArray())
        {
            foreach (JsonElement parameter in group.GetProperty("names").EnumerateArray())
            {
                Assert.Equal(
                    group.GetProperty("weight_decay").GetDouble() > 0,
                    ParameterGroups.Decays(parameters[parameter.GetString()!]));
            }
        }
    }

    private static void CompareFinal(float[] expected, ReadOnlySpan<float> actual, float[] before, string parameter)
    {
        double change = 0, error = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            change += Math.Pow((double)expected[i] - before[i], 2);
            error += Math.Pow((double)expected[i] - actual[i], 2);
        }

        Assert.True(
            Math.Sqrt(error) <= 1e-4 * Math.Sqrt(change),
            $"{parameter}: off by {Math.Sqrt(error):E2}, changed by {Math.Sqrt(change):E2}");
    }

    internal static CosineSchedule Schedule(JsonElement s) => new(
        s.GetProperty("lr").GetDouble(), s.GetProperty("min_lr").GetDouble(), s.GetProperty("warmup_lr").GetDouble(),
        s.GetProperty("warmup_epochs").GetInt32(), s.GetProperty("epochs").GetInt32());

    /// <summary>Stored soft targets, or labels with the recipe's smoothing of 0.1.</summary>
    internal static Tensor Targets(ModelCase reference, int step, int classes)
    {
        if (reference.Tensors.Tensors.TryGetValue($"step{step}.soft_target", out StoredTensor? soft))
        {
            float[] values = reference.Values($"step{step}.soft_target");
            return Tensor.From(values, soft.Shape[0], 1, classes);
        }

        long[] labels = reference.Tensors.Tensors[$"step{step}.target"].ToInt64();
        return SoftTargets.Of([.. labels.Select(l => (int)l)], classes, 0.1);
    }
}

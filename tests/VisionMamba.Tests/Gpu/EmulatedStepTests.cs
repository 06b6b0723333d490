using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Ops;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Tests.Gpu;

/// <summary>
/// Whole training steps of a small model on the emulated device: logits, loss and every gradient as on the processor,
/// no memory that grows, and numbers that find their way between host and device.
/// </summary>
public sealed class EmulatedStepTests(EmulatedDevice device) : IClassFixture<EmulatedDevice>
{
    private const int Batch = 3;
    private const double Tolerance = 5e-5;

    private static readonly VisionMambaConfig Config = VisionMambaConfig.OfWidth(20) with
    {
        Depth = 2,
        ImageSize = 16,
        Patch = 8,
        Stride = 4,
        Classes = 5,
        State = 3,
    };

    [Theory]
    [InlineData("svp", """{"shared_layers":1,"inner_width":4,"dropout":0.1}""")]
    [InlineData("full", "{}")]
    [InlineData("linear", "{}")]
    [InlineData("vp", "{}")]
    [InlineData("vpt-deep", """{"tokens":2,"dropout":0.2}""")]
    [InlineData("affix", "{}")]
    [InlineData("additional-scan", "{}")]
    [InlineData("lora", """{"sites":"in_proj.x,x_proj,dt_proj,out_proj","rank":3,"alpha":3,"dropout":0.2}""")]
    [InlineData("adapter", """{"width":5,"scale":1,"dropout":0.2}""")]
    public void AStepEqualsTheProcessors(string method, string settings)
    {
        using var cpu = new CpuBackend(1);
        Step expected = Run(Create(method, settings), cpu), actual = Run(Create(method, settings), device.Backend);
        Near([expected.Loss], [actual.Loss], "loss");
        Near(expected.Logits, actual.Logits, "logits");
        Assert.Equal(expected.Gradients.Keys, actual.Gradients.Keys);
        foreach ((string name, float[] gradient) in expected.Gradients)
            Near(gradient, actual.Gradients[name], name);
    }

    /// <summary>
    /// Where a batch's size may change a row's bits, and each size keeps memory, features are computed batch by batch.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void KeptFeaturesAreThoseOfWholeBatches(bool simAm)
    {
        var model = new VisionMambaModel(Config with { SimAm = simAm }, TuningMethods.Create("linear", []), seed: 4);
        using var plain = new ModelSession(model, device.Backend);
        using var kept = new ModelSession(model, device.Backend);
        kept.KeepFeatures();
        int size = 3 * Config.ImageSize * Config.ImageSize;
        float[] images = [.. Enumerable.Range(0, (2 * Batch) * size).Select(i => MathF.Sin(i))];
        Assert.Equal(plain.Logits(images.AsSpan(0, Batch * size), Batch), kept.Logits(
            images.AsSpan(0, Batch * size), Batch));
        long held = kept.HeldBytes;
        // One image of this batch is known, then two.
        for (int from = 2; from > 0; from--)
        {
            Span<float> batch = images.AsSpan(from * size, Batch * size);
            Assert.Equal(plain.Logits(batch, Batch), kept.Logits(batch, Batch));
        }

        Assert.Equal(held, kept.HeldBytes);
    }

    [Fact]
    public void StepsRepeatTheirBitsAndTakeNoMoreMemory()
    {
        VisionMambaModel model = Create("svp", """{"shared_layers":1,"inner_width":4}""");
        using var session = new ModelSession(model, device.Backend);
        Step first = Run(session, model);
        long held = session.HeldBytes;
        model.Parameters.ClearGradients();
        Step second = Run(session, model);
        Assert.Equal(held, session.HeldBytes);
        Assert.Equal(first.Loss, second.Loss);
        foreach ((string name, float[] gradient) in first.Gradients)
            Assert.Equal(gradient, second.Gradients[name]);
    }

    /// <summary>What the host writes after a step is what the device reads in the next.</summary>
    [Fact]
    public void AWeightChangedOnTheHostIsSeenByTheDevice()
    {
        VisionMambaModel model = Create("linear", "{}");
        using var session = new ModelSession(model, device.Backend);
        float[] before = Run(session, model).Logits;
        model.Parameters["head.bias"].Span[1] += 3;
        float[] after = Run(session, model).Logits;
        for (int i = 0; i < before.Length; i++)
            Assert.Equal(before[i] + (i % Config.Classes == 1 ? 3 : 0), after[i], 1e-5);
    }

    [Fact]
    public void TheGradientsNormWaitsForTheDeviceOnce()
    {
        using var backend = new WaitsOnceBackend();
        var parameters = new ParameterSet();
        var scope = new ParameterScope(parameters, seed: 1);
        foreach (string name in (string[])["a", "b"])
        {
            Tensor parameter = scope.Parameter(name, [3], Initial.Zeros);
            parameter.NeedsGradient = true;
            parameter.Gradient = Tensor.From([1, 2, 2], 3);
        }

        scope.Parameter("without", [3], Initial.Ones).NeedsGradient = true;
        Assert.Equal(Math.Sqrt(18), GradientClip.Norm(backend, parameters), 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(129)]
    [InlineData(9001)]
    public void WholeTensorsAreReducedAndChangedInPlace(int count)
    {
        float[] values = Values.Normal("reduced", 1, 0.5, count).Floats;
        using var cpu = new CpuBackend(1);
        foreach (Backend backend in (Backend[])[cpu, device.Backend])
        {
            var x = Tensor.From(values, count);
            double squares = values.Sum(v => (double)v * v);
            Assert.Equal(squares, backend.SumOfSquares(x), 1e-9 * squares);
            Assert.Equal(2 * squares, backend.SumOfSquares([x, x]), 2e-9 * squares);
            Assert.True(backend.AllFinite(x));
            backend.Scale(x, 2);
            backend.Clamp(x, 1);
            Assert.Equal([.. values.Select(v => Math.Clamp(2 * v, -1, 1))], x.Span.ToArray());
            x.Span[count / 2] = float.NaN;
            Assert.False(backend.AllFinite(x));
            backend.Clear(x);
            Assert.All(x.Span.ToArray(), v => Assert.Equal(0, v));
        }
    }

    [Fact]
    public void UnitsAreClippedAsOnTheProcessor()
    {
        using var cpu = new CpuBackend(1);
        float[] weight = Values.Normal("clip w", 1, 0, 5, 37).Floats;
        float[] gradient = Values.Normal("clip g", 2, 0, 5, 37).Floats;
        float[][] runs = [.. ((Backend[])[cpu, device.Backend]).Select(backend =>
        {
            Tensor g = Tensor.From(gradient, 5, 37);
            g.Span[..37].Fill(1e-4f); // the first unit is small enough
            backend.ClipByUnit(g, Tensor.From(weight, 5, 37), 0.3, 1e-3);
            return g.Span.ToArray();
        })];
        Assert.Equal(1e-4f, runs[1][3]);
        Assert.NotEqual(gradient[40], runs[1][40]);
        Near(runs[0], runs[1], "gradient");
    }

    private static VisionMambaModel Create(string method, string settings)
    {
        var model = new VisionMambaModel(
            Config, TuningMethods.Create(method, (JsonObject)JsonNode.Parse(settings)!), seed: 3);
        // What starts at 0 would hide the gradients behind it.
        foreach (Tensor parameter in model.Parameters.Trainable.Where(p => p.Span.IndexOfAnyExcept(0f) < 0))
            parameter.Span.Fill(0.1f);
        return model;
    }

    private static Step Run(VisionMambaModel model, Backend backend)
    {
        using var session = new ModelSession(model, backend);
        return Run(session, model);
    }

    private static Step Run(ModelSession session, VisionMambaModel model)
    {
        int[] shape = [Batch, Config.Channels, Config.ImageSize, Config.ImageSize], rows = [Batch, 1, Config.Classes];
        float[] images = Values.Normal("image", 1, 0, shape).Floats;
        float loss = session.Gradients(
            Tensor.From(images, shape), Tensor.From(Values.Normal("targets", 0.1, 0.2, rows).Floats, rows),
            new ForwardContext(true, new Rng(12, 4), 0.3f) { FirstImage = 2 });
        return new Step(
            loss, session.Logits(images, Batch),
            model.Parameters.Trainable.ToDictionary(p => p.Name!, p => p.Gradient!.Span.ToArray()));
    }

    private static void Near(float[] expected, float[] actual, string what)
    {
        double scale = Math.Max(expected.Max(Math.Abs), 1e-6);
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= Tolerance * scale, $"{what}[{i}]: {actual[i]}, not {expected[i]}");
    }

    private sealed record Step(float Loss, float[] Logits, Dictionary<string, float[]> Gradients);

    /// <summary>Refuses what waits for the device once for every parameter.</summary>
    private sealed class WaitsOnceBackend : EmulatedBackend
    {
        public override double SumOfSquares(Tensor x) => throw new NotSupportedException("waits for one tensor");
    }
}

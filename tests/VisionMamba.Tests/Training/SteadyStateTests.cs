using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using VisionMamba.Data;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Cli;
using VisionMamba.Training;
using VisionMamba.Training.Losses;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Tests.Training;

/// <summary>
/// After the first steps nothing is allocated: no memory for numbers, and no object for the garbage collector. Nothing
/// else runs beside these tests.
/// </summary>
[Collection(CommandLine.Collection)]
public sealed class SteadyStateTests : IDisposable
{
    private const int Images = 4;
    private readonly CpuBackend _backend = new(2);
    private ModelSession? _session;
    private Optimizer? _optimizer;
    private Tensor? _input, _targets;

    public void Dispose()
    {
        _session?.Dispose();
        _backend.Dispose();
    }

    public static TheoryData<string> Methods =>
        [.. TuningMethods.All.Select(m => m.Name), "svp+lora", "svp+vpt-deep"];

    [Theory]
    [MemberData(nameof(Methods))]
    public void AStepAllocatesNothing(string method)
    {
        Prepare(method);
        Assert.Equal(0, Allocated(Step));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnAnswerAllocatesNothing(bool simAm)
    {
        Prepare("svp", simAm);
        float[] logits = new float[Images * _session!.Model.Config.Classes];
        Assert.Equal(0, Allocated(() => _session!.Logits(_input!.Span, Images, logits)));
    }

    [Fact]
    public void MemoryStaysFlat()
    {
        int steps = int.Parse(
            Environment.GetEnvironmentVariable("VISIONMAMBA_SOAK_STEPS") ?? "2000", CultureInfo.InvariantCulture);
        Prepare("svp");
        Repeat(steps / 4);
        (long managed, long process, long pool) = Memory();
        // A leak grows with every span of steps; what the test runner keeps in between grows in one of them at most.
        long least = long.MaxValue, before = managed;
        for (int span = 0; span < 3; span++)
        {
            Repeat(steps / 2);
            long now = Memory().Managed;
            least = Math.Min(least, now - before);
            before = now;
        }

        (long managedThen, long processThen, long poolThen) = Memory();
        Assert.Equal(pool, poolThen);
        Assert.True(least < 50 * (steps / 2), $"the heap grew from {managed} to {managedThen} bytes");
        Assert.True(processThen - process < 16 << 20, $"the process grew from {process} to {processThen} bytes");
    }

    /// <summary>A batch that is no multiple of its pieces, as 32 images by 24 are not.</summary>
    [Fact]
    public void PiecesOfABatchAllocateNothing()
    {
        Prepare("svp");
        VisionMambaConfig config = _session!.Model.Config;
        var options = new TrainingOptions { Batch = Images, MicroBatch = 3 };
        var step = new TrainStep(_session, options, _optimizer!, average: null, teacher: null);
        var images = new ImageBatch(
            new float[_input!.Count], config.ImageSize, [0, 1, 2, 3], [1, 0, 1, 2], ["a", "b", "c", "d"]);
        using PreparedBatch batch = step.Prepare(images, 0);
        Assert.Equal(0, Allocated(() => step.Run(batch, 0, 1e-4)));
        Assert.Equal(config.Classes * Images, batch.Targets.Length);
    }

    private void Prepare(string method, bool simAm = false)
    {
        VisionMambaConfig config = VisionMambaConfig.OfWidth(32) with
        {
            Depth = 4,
            ImageSize = 32,
            Patch = 8,
            Stride = 8,
            Classes = 10,
            SimAm = simAm,
        };
        var svp = new JsonObject { ["shared_layers"] = 2 };
        JsonObject settings = method == "svp" ? svp
            : method.StartsWith("svp+", StringComparison.Ordinal) ? new JsonObject { ["svp"] = svp } : [];
        var model = new VisionMambaModel(config, TuningMethods.Create(method, settings), seed: 1);
        _session = new ModelSession(model, _backend);
        _optimizer = new AdamWOptimizer(model.Parameters, 1e-4);
        _input = new Tensor(Images, 3, config.ImageSize, config.ImageSize);
        _targets = SoftTargets.Of(new int[Images], config.Classes, 0.1);
    }

    private void Step()
    {
        _session!.Model.Parameters.ClearGradients();
        _session.Gradients(_input!, _targets!, new ForwardContext(true, new Rng(1, 2), 0.1f));
        double norm = GradientClip.Norm(_backend, _session.Model.Parameters);
        GradientClip.Clip(_backend, _session.Model.Parameters, "norm", norm, 1);
        _optimizer!.Step(_backend, 1e-4);
    }

    private void Repeat(int steps)
    {
        for (int i = 0; i < steps; i++)
            Step();
    }

    private (long Managed, long Process, long Pool) Memory()
    {
        long managed = GC.GetTotalMemory(forceFullCollection: true);
        using Process process = Process.GetCurrentProcess();
        return (managed, process.WorkingSet64, _session!.HeldBytes);
    }

    /// <summary>
    /// Bytes of all threads in the least of several tries: the runtime and the test runner allocate now and then, too.
    /// </summary>
    private static long Allocated(Action run)
    {
        for (int i = 0; i < 40; i++)
            run();
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 20 && least > 0; attempt++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            run();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return least;
    }
}

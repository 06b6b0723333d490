using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;
using VisionMamba.Tests.Ops;

namespace VisionMamba.Tests.Gpu;

/// <summary>
/// The GPU's kernels, emulated, against the processor's, which the oracles check: 3e-6 of a tensor's largest number
/// (two fp32 computations in another order). The emulation runs a thread of the system for each of a group, so the
/// cases are few: one and three samples, odd lengths up to 257, widths that are no multiples of 32, more states
/// than one launch.
/// </summary>
public sealed class KernelOpTests(EmulatedDevice device) : IClassFixture<EmulatedDevice>
{
    private const double Tolerance = 3e-6;

    private static readonly string[] s_names =
    [
        "scan 1x1x5 states 1 steps 1", "scan 3x2x16 states 3 steps 1", "scan 3x5x16 states 17 steps 1",
        "scan 1x9x130 states 3 steps 1", "scan 1x257x16 states 3 steps 1", "scan 1x17x16 states 16 steps 10",
        "scan 3x33x5 states 16 steps 1", "scan 1x33x130 states 17 steps 1", "scan 2x30x64 states 16 steps 1",
        "scan 1x51x128 states 16 steps 1",
        "convolution 3x2x16 width 4 reversed", "convolution 3x9x40 width 7", "convolution 1x16x17 width 3 reversed",
        "convolution 3x33x130 width 4", "convolution 1x257x16 width 4 reversed",
        "add norm RmsNorm 1x3x130 + residual + bias Both", "add norm RmsNorm 3x9x40 + residual + drop Both",
        "add norm LayerNorm 3x2x16 + residual + drop + bias Both",
        "add norm LayerNorm 3x5x17 + residual + drop + bias Normed",
        "add norm RmsNorm 3x5x17 + residual + drop Residual",
        "prompt 3x9x40 without 4 cross inner", "prompt 3x2x16 without 0 cross", "prompt 1x33x130 without 32 inner",
        "prompt 3x257x17 without 128 cross inner",
    ];

    /// <summary>The fused operations: of the others every case that is small takes part.</summary>
    private static readonly string[] s_fused = ["scan", "convolution", "add norm", "prompt"];

    private static readonly Dictionary<string, OpCase> s_cases = OpCases.All()
        .Where(c => s_names.Contains(c.Name) || (IsSmall(c) && !s_fused.Any(f => c.Name.StartsWith(f + " "))))
        .ToDictionary(c => c.Name);

    public static IEnumerable<TheoryDataRow<string>> Names => s_cases.Keys.Select(n => new TheoryDataRow<string>(n));

    /// <summary>A case that was renamed would leave without a word.</summary>
    [Fact]
    public void EveryNamedCaseTakesPart() => Assert.Empty(s_names.Except(s_cases.Keys));

    /// <summary>A grid has 2^31 blocks along x and 65,535 along y.</summary>
    [Fact]
    public void PromptsOfLargeBatchesFitAGrid()
    {
        (ILGPU.Index3D grid, _) = SelectivePromptKernels.Configure(rows: 2_000_000, dim: 768);
        Assert.Equal((125_000, 6, 1), (grid.X, grid.Y, grid.Z));
    }

    /// <summary>Every operation that is not fused has cases among these.</summary>
    [Theory]
    [InlineData("linear")]
    [InlineData("patches")]
    [InlineData("class token")]
    [InlineData("slice")]
    [InlineData("pick")]
    [InlineData("concatenation")]
    [InlineData("columns")]
    [InlineData("add ")]
    [InlineData("relu")]
    [InlineData("tanh")]
    [InlineData("loss")]
    [InlineData("binary loss")]
    public void CasesOfEveryKindTakePart(string kind) =>
        Assert.Contains(s_cases.Keys, name => name.StartsWith(kind, StringComparison.Ordinal));

    private static bool IsSmall(OpCase c) => c.Inputs.Sum(i => i.Values.Count) < 4000;

    [Theory]
    [MemberData(nameof(Names))]
    public void EqualsTheProcessor(string name)
    {
        OpCase c = s_cases[name];
        using var cpu = new Tensors.Cpu.CpuBackend(1);
        OpRun expected = Run(c, cpu), actual = Run(c, device.Backend);
        for (int o = 0; o < expected.Outputs.Length; o++)
            Near(expected.Outputs[o], actual.Outputs[o], $"output {o}");
        for (int i = 0; i < c.Inputs.Length; i++)
            Near(expected.Gradients[i]!, actual.Gradients[i]!, $"d {c.Inputs[i].Name}");
    }

    /// <summary>Freezing an input leaves its target as it was and every other gradient's bits as they were.</summary>
    [Theory]
    [InlineData("scan 3x2x16 states 3 steps 1")]
    [InlineData("convolution 3x2x16 width 4 reversed")]
    [InlineData("add norm LayerNorm 3x2x16 + residual + drop + bias Both")]
    [InlineData("prompt 3x9x40 without 4 cross inner")]
    public void FreezingAnInputChangesNoOtherGradient(string name)
    {
        OpCase c = s_cases[name];
        OpRun all = Run(c, device.Backend);
        foreach (OpInput frozen in c.Inputs)
        {
            OpRun run = Run(c, device.Backend, i => i == frozen);
            for (int i = 0; i < c.Inputs.Length; i++)
                Assert.Equal(c.Inputs[i] == frozen ? Before(c.Inputs[i]) : all.Gradients[i], run.Gradients[i]);
        }
    }

    /// <summary>What was never written must be stored to, not added to: NaN stands there.</summary>
    [Theory]
    [InlineData("scan 3x33x5 states 16 steps 1", "forward u", "forward delta", "backward u", "backward delta")]
    [InlineData("scan 3x5x16 states 17 steps 1", "forward u", "forward delta", "backward u", "backward delta")]
    [InlineData("scan 2x30x64 states 16 steps 1", "forward u", "forward delta", "backward u", "backward delta")]
    [InlineData("linear 1x8x16[:16] to 40 + bias", "x")]
    public void BlankTargetsAreStoredTo(string name, params string[] blank)
    {
        OpCase c = s_cases[name];
        OpRun expected = Run(c, device.Backend, before: _ => 0), actual = Run(
            c, device.Backend, before: i => blank.Contains(i.Name) ? float.NaN : 0);
        Assert.Equal(blank.Length, c.Inputs.Count(i => blank.Contains(i.Name)));
        Assert.Equal(expected.Gradients, actual.Gradients);
    }

    /// <summary>The backward scan of training has a kernel of its own, with and without the weights' sums.</summary>
    [Theory]
    [InlineData("scan 2x30x64 states 16 steps 1", true)]
    [InlineData("scan 2x30x64 states 16 steps 1", false)]
    [InlineData("scan 1x51x128 states 16 steps 1", true)]
    [InlineData("scan 1x51x128 states 16 steps 1", false)]
    public void AUsualScanEqualsTheProcessor(string name, bool weights)
    {
        OpCase c = s_cases[name];
        string[] trained = ["aLog", "d", "deltaBias"];
        bool IsFrozen(OpInput input) => !weights && trained.Contains(input.Name.Split(' ')[^1]);
        bool IsBlank(OpInput input) => input.Name.Split(' ')[^1] is "u" or "delta";
        using var cpu = new Tensors.Cpu.CpuBackend(1);
        OpRun expected = Run(c, cpu, IsFrozen, _ => 0);
        OpRun actual = Run(c, device.Backend, IsFrozen, i => IsBlank(i) ? float.NaN : 0);
        for (int i = 0; i < c.Inputs.Length; i++)
            Near(expected.Gradients[i]!, actual.Gradients[i]!, $"d {c.Inputs[i].Name}");
    }

    /// <summary>Neither the threads' order nor how many groups run at a time changes a bit.</summary>
    [Theory]
    [InlineData("scan 1x9x130 states 3 steps 1")]
    [InlineData("convolution 3x33x130 width 4")]
    [InlineData("prompt 1x33x130 without 32 inner")]
    public void SchedulingDoesNotChangeABit(string name)
    {
        OpCase c = s_cases[name];
        using EmulatedBackend three = new EmulatedBackend(processors: 3);
        OpRun first = Run(c, device.Backend), again = Run(c, device.Backend), other = Run(c, three);
        foreach (OpRun run in (OpRun[])[again, other])
        {
            Assert.Equal(first.Outputs, run.Outputs);
            Assert.Equal(first.Gradients, run.Gradients);
        }
    }

    /// <summary>
    /// Runs a case with numbers in all gradients beforehand, so that they must be added to; with NaN before, they are
    /// blank.
    /// </summary>
    private static OpRun Run(
        OpCase c, Backend backend, Func<OpInput, bool>? frozen = null, Func<OpInput, float>? before = null)
    {
        Tensor Gradient(OpInput input)
        {
            float[] numbers = before is null ? Before(input) : new float[input.Values.Count];
            if (before is not null)
                Array.Fill(numbers, before(input));
            bool blank = before is not null && float.IsNaN(numbers[0]);
            return new Tensor(Owned(numbers), input.Values.Shape) { Blank = blank };
        }

        using var pool = new BufferPool();
        Tensor[] inputs = [.. c.Inputs.Select(input => new Tensor(Owned(input.Values.Floats), input.Values.Shape)
        {
            Name = input.Name,
            NeedsGradient = input.Differentiable && frozen?.Invoke(input) != true,
            Gradient = Gradient(input),
        })];
        OpRun run = OpRun.Execute(c, backend, pool, inputs);
        Assert.Equal(0, pool.InUse);
        return run;
    }

    private static float[] Before(OpInput input) =>
        Values.Normal($"before {input.Name}", 1, 0, input.Values.Shape).Floats;

    private static Storage Owned(float[] values)
    {
        var storage = new Storage(values.Length);
        values.CopyTo(new Tensor(storage, values.Length).Span);
        return storage;
    }

    private static void Near(float[] expected, float[] actual, string what)
    {
        double scale = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs((double)expected[i] - actual[i]) <= Tolerance * scale,
                $"{what}[{i}] is {actual[i]:G9}, not {expected[i]:G9} (within {Tolerance * scale:E1})");
        }
    }
}

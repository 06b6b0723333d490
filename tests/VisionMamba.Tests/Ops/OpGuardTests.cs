using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Ops;

/// <summary>
/// Every operation with all its tensors between unreadable pages: inputs, outputs, saved values and gradients. A kernel
/// that leaves a tensor ends the process; the NaN around a tensor would also show in the results, which must be the
/// same bits as without guards.
/// </summary>
public sealed class OpGuardTests
{
    private static readonly Dictionary<string, OpCase> Cases = OpCases.All().ToDictionary(c => c.Name);

    public static IEnumerable<TheoryDataRow<string, bool>> Names =>
        Cases.Keys.SelectMany(n => new[] { true, false }, (n, end) => new TheoryDataRow<string, bool>(n, end));

    [Theory]
    [MemberData(nameof(Names))]
    public void KernelsStayInsideTheirTensors(string name, bool atEnd)
    {
        if (!GuardedMemory.Supported)
            Assert.Skip("no guard pages on this system");
        OpCase c = Cases[name];
        OpRun plain = OpRun.Execute(c);
        List<GuardedMemory> guards = [];
        using var backend = new CpuBackend(1);
        // Not disposed: its blocks belong to the guards.
        var pool = new BufferPool();
        Stock(pool, c, guards, atEnd);
        Tensor[] inputs = [.. c.Inputs.Select(i => Guarded(i, guards, atEnd))];
        OpRun run = OpRun.Execute(c, backend, pool, inputs);

        Assert.Equal(0, pool.Allocations);
        for (int o = 0; o < plain.Outputs.Length; o++)
            Assert.Equal(plain.Outputs[o], run.Outputs[o]);
        for (int i = 0; i < inputs.Length; i++)
        {
            Assert.Equal(c.Inputs[i].Values.Floats, inputs[i].Span.ToArray());
            if (c.Inputs[i].Differentiable)
                Assert.Equal(plain.Gradients[i], run.Gradients[i]);
        }

        Assert.All(guards, g => Assert.True(g.Intact, "a kernel wrote beside a tensor"));
        foreach (GuardedMemory guard in guards)
            guard.Dispose();
    }

    /// <summary>Fills the pool with guarded blocks of every size that the case will rent.</summary>
    private static void Stock(BufferPool pool, OpCase c, List<GuardedMemory> guards, bool atEnd)
    {
        const int BlocksOfEachSize = 6;
        foreach (long count in c.Expected().Select(y => (long)y.Count).Concat(c.Rented).Append(1).Distinct())
        {
            for (int i = 0; i < BlocksOfEachSize; i++)
                pool.Return(Reserve(count, guards, atEnd).Storage);
        }
    }

    private static Tensor Guarded(OpInput input, List<GuardedMemory> guards, bool atEnd)
    {
        int[] shape = input.Values.Shape;
        var tensor = new Tensor(Reserve(input.Values.Count, guards, atEnd).Storage, shape)
        {
            NeedsGradient = input.Differentiable,
            Gradient = new Tensor(Reserve(input.Values.Count, guards, atEnd).Storage, shape),
        };
        input.Values.Floats.CopyTo(tensor.Span);
        tensor.Gradient.Span.Clear();
        return tensor;
    }

    private static GuardedMemory Reserve(long count, List<GuardedMemory> guards, bool atEnd)
    {
        var memory = new GuardedMemory(count, atEnd);
        guards.Add(memory);
        return memory;
    }
}

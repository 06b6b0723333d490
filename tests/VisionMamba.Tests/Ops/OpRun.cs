using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

/// <summary>What one run of a case gave: outputs, and a gradient per input (null where none was made).</summary>
internal sealed record OpRun(float[][] Outputs, float[]?[] Gradients)
{
    /// <summary>
    /// Runs <paramref name="c"/> forward and backward; the inputs' flags say which gradients are wanted. All of the
    /// operation's activations but the saved ones are gone before the backward pass begins.
    /// </summary>
    public static OpRun Execute(
        OpCase c, Backend backend, BufferPool pool, Tensor[] inputs, bool asActivations = false)
    {
        Block[] weights = c.OutputWeights();
        var tape = new Tape(backend, pool, recording: true);
        Tensor loss;
        float[][] values;
        using (tape.Enter("case"))
        {
            Tensor[] given = asActivations
                ? [.. inputs.Select((x, i) => c.Inputs[i].IsParameter ? x : Copy(tape, x))]
                : inputs;
            Tensor[] outputs = c.Run(tape, given);
            values = [.. outputs.Select(o => o.Span.ToArray())];
            loss = WeightedSum(tape, outputs, weights);
        }

        if (loss.NeedsGradient)
            tape.Backward(loss);
        return new OpRun(values, [.. inputs.Select(i => i.Gradient?.Span.ToArray())]);
    }

    /// <summary>Runs a case with every differentiable input wanting a gradient, or only those that are named.</summary>
    public static OpRun Execute(
        OpCase c, int threads = 1, Func<OpInput, bool>? trains = null, Block[]? gradients = null,
        bool asActivations = false, VectorKernels? vectors = null)
    {
        using var backend = new CpuBackend(threads, vectors ?? VectorKernels.Widest);
        using var pool = new BufferPool();
        Tensor[] inputs = [.. c.Inputs.Select((input, i) => new Tensor(Owned(input.Values), input.Values.Shape)
        {
            Name = input.Name,
            NeedsGradient = input.Differentiable && (trains is null || trains(input)),
            Gradient = gradients is null ? null : new Tensor(Owned(gradients[i]), gradients[i].Shape),
        })];
        OpRun run = Execute(c, backend, pool, inputs, asActivations);
        Assert.Equal(0, pool.InUse);
        return run;
    }

    /// <summary>An activation equal to <paramref name="x"/>: its memory is gone unless an operation saved it.</summary>
    private static Tensor Copy(Tape tape, Tensor x)
    {
        Tensor y = tape.Output(x.NeedsGradient, x.Shape);
        x.Span.CopyTo(y.Span);
        return tape.Record(
            "copy", y, (x, y), static (tape, s) => Add(s.y.Gradient!.Span, tape.Target(s.x)!.Span), []);
    }

    private static Storage Owned(Block values)
    {
        var storage = new Storage(values.Count);
        values.Floats.CopyTo(new Tensor(storage, values.Count).Span);
        return storage;
    }

    /// <summary>Records a node that sends <paramref name="weights"/> back into the outputs.</summary>
    private static Tensor WeightedSum(Tape tape, Tensor[] outputs, Block[] weights)
    {
        Tensor loss = tape.Output(outputs.Any(o => o.NeedsGradient), 1);
        loss.Span.Clear();
        return tape.Record(
            "weighted sum", loss, (outputs, weights),
            static (tape, s) =>
            {
                for (int i = 0; i < s.outputs.Length; i++)
                {
                    if (tape.Target(s.outputs[i]) is { } target)
                        Add(s.weights[i].Floats, target.Span);
                }
            },
            []);
    }

    private static void Add(ReadOnlySpan<float> from, Span<float> to)
    {
        for (int i = 0; i < from.Length; i++)
            to[i] += from[i];
    }
}

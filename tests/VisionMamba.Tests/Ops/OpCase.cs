using VisionMamba.Tensors;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

/// <summary>
/// One input of a case; its values are exact in fp32. A parameter is never another operation's result.
/// </summary>
internal sealed record OpInput(string Name, Block Values, bool IsParameter = false, bool Differentiable = true);

/// <summary>One operation at one size: what to run on a tape and what must come out.</summary>
internal sealed record OpCase(
    string Name, OpInput[] Inputs, Func<Tape, Tensor[], Tensor[]> Run, Func<Block[], Block[]> Oracle)
{
    /// <summary>Sizes of the blocks that the operation rents beside its outputs and the gradients.</summary>
    public long[] Rented { get; init; } = [];

    /// <summary>The oracle's outputs.</summary>
    public Block[] Expected() => Oracle([.. Inputs.Select(i => i.Values)]);

    /// <summary>Normal weights, one per output number: the loss is their product with the outputs.</summary>
    public Block[] OutputWeights() =>
        [.. Expected().Select((y, i) => Values.Normal($"{Name} weights {i}", 1, 0, y.Shape))];
}

/// <summary>Reproducible numbers that fp32 holds exactly.</summary>
internal static class Values
{
    public static Block Normal(string name, double deviation, double mean, params int[] shape)
    {
        Rng rng = Generator(name);
        var block = new Block(shape);
        for (int i = 0; i < block.Count; i++)
            block[i] = (float)(mean + (deviation * rng.Normal((ulong)i)));
        return block;
    }

    /// <summary>A generator that depends on the text alone.</summary>
    public static Rng Generator(string name)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in name)
            hash = (hash ^ c) * 1099511628211;
        return new Rng(20240817, hash);
    }
}

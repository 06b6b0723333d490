using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Tests.Models;

namespace VisionMamba.Tests.Ops;

/// <summary>
/// A training step of a small Vim, with SVP or with everything trained, on a device that packs its activations or not.
/// </summary>
/// <param name="Loss">The loss.</param>
/// <param name="Gradients">Of every parameter that trains.</param>
/// <param name="Kept">Numbers that were held between the two passes.</param>
/// <param name="Peak">The most numbers that were held.</param>
internal sealed record PackedStep(float Loss, Dictionary<string, float[]> Gradients, long Kept, long Peak)
{
    private const int Batch = 2, HiddenWidth = 32;

    private static readonly VisionMambaConfig s_config = VisionMambaConfig.OfWidth(32) with
    {
        ImageSize = 32,
        Patch = 8,
        Stride = 8,
        Classes = 5,
        State = 4,
    };

    public static PackedStep Run(bool full, Backend backend, int depth)
    {
        VisionMambaModel model = Create(full, depth);
        using var pool = new BufferPool(backend);
        var tape = new Tape(backend, pool, recording: true);
        int[] shape = [Batch, 3, s_config.ImageSize, s_config.ImageSize], rows = [Batch, 1, s_config.Classes];
        Tensor loss;
        float value;
        using (tape.Enter("step"))
        {
            Tensor image = tape.Input(Tensor.From(Values.Normal("image", 1, 0, shape).Floats, shape));
            Tensor logits = model.Forward(tape, image, new ForwardContext(true, new Rng(12, 4), 0.1f));
            Tensor targets = tape.Input(Tensor.From(Values.Normal("targets", 0.1, 0.2, rows).Floats, rows));
            loss = tape.SoftmaxCrossEntropy(logits, targets);
            value = loss.Span[0];
        }

        long kept = pool.InUse;
        tape.Backward(loss);
        Assert.Equal(0, pool.InUse);
        return new PackedStep(
            value, model.Parameters.Trainable.ToDictionary(p => p.Name!, p => p.Gradient!.Span.ToArray()), kept,
            pool.Peak);
    }

    /// <summary>What packing may change and by how much, and what it must not.</summary>
    public static void Compare(PackedStep exact, PackedStep packed, bool full, int depth)
    {
        Assert.Equal(exact.Loss, packed.Loss);
        double difference = 0, norm = 0;
        // The head reads nothing that is packed, and with prompts its gradient is most of the norm.
        foreach ((string name, float[] gradient) in exact.Gradients.Where(g => !g.Key.StartsWith("head.")))
        {
            double apart = gradient.Zip(packed.Gradients[name], (a, b) => Math.Pow((double)a - b, 2)).Sum();
            double size = gradient.Sum(g => Math.Pow(g, 2));
            Assert.True(apart <= 0.05 * 0.05 * size, $"{name} is {Math.Sqrt(apart / size):E1} of its norm apart");
            difference += apart;
            norm += size;
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Math.Sqrt(difference / norm):E1} of the norm apart; "
            + $"kept {exact.Kept} and {packed.Kept}, peak {exact.Peak} and {packed.Peak}");
        Assert.InRange(Math.Sqrt(difference / norm), 1e-4, 0.01);
        Assert.Equal(exact.Kept - Halves(full, depth), packed.Kept);
        // The last block's numbers are unpacked while those of all others still are packed.
        Assert.InRange(
            packed.Peak, exact.Peak - Halves(full, depth),
            exact.Peak - Halves(full, depth) + (Batch * (s_config.Patches + 1) * Block(full) / 2));
    }

    /// <summary>
    /// Half of what is kept: of every block, of the residual after the last, and the patches' pixels.
    /// </summary>
    private static long Halves(bool full, int depth)
    {
        VisionMambaConfig c = s_config;
        long pixels = full ? (long)Batch * c.Patches * 3 * c.Patch * c.Patch : 0;
        long again = (c with { Depth = depth }).RecomputedBlocks * 2L * c.Inner;
        return ((Batch * (c.Patches + 1) * ((depth * Block(full)) - again + c.Dim)) + pixels) / 2;
    }

    /// <summary>
    /// What a block keeps of a token: the residual D and, unless it is computed again, xz 2E; with prompts what they
    /// read, D, and their hidden numbers; with everything trained the mixer's output E.
    /// </summary>
    private static long Block(bool full) =>
        s_config.Dim + (2L * s_config.Inner) + (full ? s_config.Inner : s_config.Dim + HiddenWidth);

    private static VisionMambaModel Create(bool full, int depth) => SmallModels.Create(
        full ? "full" : "svp",
        full ? "{}" : $$"""{"shared_layers":2,"inner_width":{{HiddenWidth}},"cross_prompt_source":"token"}""",
        s_config with { Depth = depth }, seed: 3);
}

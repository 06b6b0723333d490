using VisionMamba.Models;
using VisionMamba.Tensors;

namespace VisionMamba.Cli.Planning;

/// <summary>Memory of activations, measured with one image: it grows with their number.</summary>
internal static class StepMemory
{
    /// <summary>Bytes an image of a training step.</summary>
    public static long Train(VisionMambaModel model, Backend backend)
    {
        using var session = new ModelSession(model, backend);
        Tensor targets = Training.Losses.SoftTargets.Of(new int[1], model.Config.Classes, 0);
        session.Gradients(Image(model), targets, new ForwardContext(true, new Rng(1, 2), 0));
        model.Parameters.ClearGradients();
        return session.HeldBytes;
    }

    /// <summary>Bytes an image of a forward pass.</summary>
    public static long Answer(VisionMambaModel model, Backend backend)
    {
        using var session = new ModelSession(model, backend);
        session.Logits(Image(model).Span, 1);
        return session.HeldBytes;
    }

    private static Tensor Image(VisionMambaModel model)
    {
        int side = model.Config.ImageSize;
        return new Tensor(1, model.Config.Channels, side, side);
    }
}

using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>What a pass minimises. A struct where steps are many: handing it over then makes no object.</summary>
public interface ILoss
{
    /// <summary>The loss of some images, from their <paramref name="logits"/>, (batch, 1, classes).</summary>
    LossParts Of(Tape tape, Tensor logits);
}

/// <summary>A loss as the sum of one or two parts, each a tensor of one number.</summary>
public readonly record struct LossParts(Tensor First, Tensor? Second = null);

using VisionMamba.Tensors;

namespace VisionMamba.Tests.Support;

public static class TensorExtensions
{
    /// <summary>A copy of <paramref name="values"/> in the shape of <paramref name="like"/>.</summary>
    public static Tensor Shaped(this Tensor values, Tensor like) => Tensor.From(values.Span, like.Shape);
}

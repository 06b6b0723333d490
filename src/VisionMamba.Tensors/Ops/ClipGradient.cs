namespace VisionMamba.Tensors;

// Shapes: gradient and weight alike; a unit is what shares the first index, a one-dimensional tensor is one unit.

public abstract partial class Backend
{
    /// <summary>x = min(max(x, -limit), limit).</summary>
    public abstract void Clamp(Tensor x, float limit);

    /// <summary>
    /// Adaptive gradient clipping (Brock et al. 2021, equation 3; timm 0.4.12's agc): each unit's gradient g becomes
    /// g limit / max(|g|, 1e-6) where |g| is not below limit = factor max(|w|, epsilon).
    /// </summary>
    public abstract void ClipByUnit(Tensor gradient, Tensor weight, double factor, double epsilon);
}

namespace VisionMamba.Data.Images;

/// <summary>The filter of a resize.</summary>
public enum Interpolation
{
    /// <summary>A triangle, support 1.</summary>
    Bilinear,

    /// <summary>Keys' cubic with a = -0.5, support 2.</summary>
    Bicubic,
}

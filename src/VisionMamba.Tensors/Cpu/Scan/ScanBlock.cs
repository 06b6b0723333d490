namespace VisionMamba.Tensors.Cpu;

/// <summary>The working memory of one group of channels over one block of steps; rows are state vectors.</summary>
internal unsafe struct ScanBlock
{
    /// <summary>A log2(e), a row.</summary>
    public float* A2;

    /// <summary>The gradient of the states, carried from step to step: a row.</summary>
    public float* Dh;

    /// <summary>The gradient of A, a row; null when frozen.</summary>
    public float* DA;

    /// <summary>The states before the block and after each step: steps + 1 rows.</summary>
    public float* States;

    /// <summary>exp(delta A): a row a step.</summary>
    public float* Decays;

    /// <summary>
    /// The gradients of B and C, per lane: two rows a step, of 16 lanes in any width; from the group's first on.
    /// </summary>
    public float* DBc;

    /// <summary>Step size after softplus, a vector a step.</summary>
    public float* Delta;

    /// <summary>Step size times input, a vector a step.</summary>
    public float* DeltaU;

    /// <summary>sigmoid(z), a vector a step.</summary>
    public float* Gate;

    /// <summary>The gradient of the ungated output, a vector a step.</summary>
    public float* Dy;

    /// <summary>What <see cref="ScanKernels{T}.GoBack"/> leaves: three vectors a step.</summary>
    public float* Sums;
}

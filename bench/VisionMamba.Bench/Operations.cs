using BenchmarkDotNet.Attributes;

namespace VisionMamba.Bench;

/// <summary>The matrix products of a block.</summary>
public class LinearBenchmark : OperationBenchmark
{
    /// <summary>Which of them.</summary>
    [Params("in_proj", "x_proj", "dt_proj", "out_proj", "cross prompt", "inner prompt, down", "inner prompt, up")]
    public string Layer { get; set; } = "";

    /// <inheritdoc/>
    protected override string Operation => Layer;
}

/// <summary>The causal convolution with SiLU.</summary>
public class ConvolutionBenchmark : OperationBenchmark
{
    /// <inheritdoc/>
    protected override string Operation => "convolution";
}

/// <summary>The selective scan of one direction, gate included.</summary>
public class ScanBenchmark : OperationBenchmark
{
    /// <inheritdoc/>
    protected override string Operation => "scan";
}

/// <summary>Residual sum and normalisation.</summary>
public class AddNormBenchmark : OperationBenchmark
{
    /// <inheritdoc/>
    protected override string Operation => "add + norm";
}

/// <summary>Adding the selective prompts.</summary>
public class PromptBenchmark : OperationBenchmark
{
    /// <inheritdoc/>
    protected override string Operation => "selective prompt";
}

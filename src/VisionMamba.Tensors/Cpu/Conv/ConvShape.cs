namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// Sizes and the access pattern of the causal convolution. The reversed direction is the same walk from the last token
/// with negative strides.
/// </summary>
internal readonly unsafe struct ConvShape(Tensor xz, Tensor weight, bool reversed, int outputColumns)
{
    /// <summary>
    /// The width whose loops keep the last inputs in registers: one load a token, so that the output may take its
    /// place.
    /// </summary>
    public const int FastWidth = 4;

    public readonly int Batch = xz.Shape[0];
    public readonly int Length = xz.Shape[1];
    public readonly int Inner = xz.Columns / 2;
    public readonly int Width = weight.Columns;
    private readonly bool _reversed = reversed;
    private readonly int _outputColumns = outputColumns;

    /// <summary>Numbers from a step's input to the next step's.</summary>
    public long InputStride => _reversed ? -2L * Inner : 2L * Inner;

    /// <summary>Numbers from a step's output to the next step's.</summary>
    public long OutputStride => _reversed ? -_outputColumns : _outputColumns;

    /// <summary>The first step's place in a tensor like xz.</summary>
    public float* Input(float* xz, int sample, int channel) => xz + (FirstRow(sample) * 2 * Inner) + channel;

    /// <summary>The first step's place in a tensor like y.</summary>
    public float* Output(float* y, int sample, int channel) => y + (FirstRow(sample) * _outputColumns) + channel;

    /// <summary>Transposes the weights of a group of channels so that a tap is one vector.</summary>
    public void GatherTaps<T>(float* weights, int channel, int count, float* taps)
        where T : struct, ILanes<T>
    {
        for (int k = 0; k < Width; k++)
        {
            for (int lane = 0; lane < T.Count; lane++)
                taps[(k * T.Count) + lane] = lane < count ? weights[((channel + lane) * Width) + k] : 0;
        }
    }

    /// <summary>Adds the gradients of a group's taps to the weights'.</summary>
    public void AddTaps<T>(float* dTaps, float* dWeights, int channel, int count)
        where T : struct, ILanes<T>
    {
        for (int k = 0; k < Width; k++)
        {
            for (int lane = 0; lane < count; lane++)
                dWeights[((channel + lane) * Width) + k] += dTaps[(k * T.Count) + lane];
        }
    }

    private long FirstRow(int sample) => ((long)sample * Length) + (_reversed ? Length - 1 : 0);
}

/// <summary>
/// Where the gradients of a group of channels go: dX (null when frozen), per-lane sums of the taps (null) and the bias.
/// </summary>
/// <param name="dX">The first step's input gradient.</param>
/// <param name="dTaps">(width, lanes).</param>
/// <param name="dBias">(lanes).</param>
/// <param name="dP">(length, lanes): room for the gradient before the activation.</param>
internal readonly unsafe struct ConvGradients(float* dX, float* dTaps, float* dBias, float* dP)
{
    public readonly float* DX = dX;
    public readonly float* DTaps = dTaps;
    public readonly float* DBias = dBias;
    public readonly float* DP = dP;
}

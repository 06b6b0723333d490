namespace VisionMamba.Tensors.Cpu;

// The states are not stored by the forward pass. A piece (one sample, 128 channels) first runs the recurrence and keeps
// the states at every 8th step; then, from the last block of 8 steps to the first, it runs the block again, keeping its
// states and decays in the first-level cache, and goes back through it:
//   g_t = dh_t + dy_t C_t              dC_t = sum over channels of dy_t h_t
//   dB_t = sum over channels of g_t delta_t u_t
//   d(delta u)_t = g_t . B_t           d(delta A)_t = g_t exp(delta_t A) h_(t-1)  dh_(t-1) = exp(delta_t A) g_t
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void SelectiveScanBackward(
        in ScanDirection s, Tensor xz, float scale, Tensor dY, in ScanGradients gradients)
    {
        int batch = s.U.Shape[0], length = s.U.Shape[1], inner = s.ALog.Rows, state = s.ALog.Columns;
        int chunks = ChunksOf(inner);
        long rates = ScanView.RatesCount(s), bcNumbers = (long)batch * chunks * length * 2 * state;
        bool weights = gradients.ALog is not null || gradients.D is not null || gradients.DeltaBias is not null;
        int weightRow = state + 2;
        long weightNumbers = weights ? (long)batch * inner * weightRow : 0;
        float* scratch = Scratch.TakeForKernel(rates + bcNumbers + weightNumbers);
        float* dBc = scratch + rates, dWeights = dBc + bcNumbers;
        var view = new ScanView(s, xz, scale, scratch);
        OverChannels(inner, new ScanRatesKernel(_vectors, view));
        OverSamplesAndChannels(batch, inner, new ScanGradientKernel(_vectors, view, chunks, new ScanBackwardJob
        {
            DY = dY.Pointer,
            DU = PointerOf(gradients.U),
            DDelta = PointerOf(gradients.Delta),
            DXz = PointerOf(gradients.Xz),
            StoreU = gradients.U is not null && gradients.U.TakeBlank(),
            StoreDelta = gradients.Delta is not null && gradients.Delta.TakeBlank(),
            DBc = dBc,
            DWeights = weights ? dWeights : null,
        }));
        Keep(dY, gradients.U, gradients.Delta, gradients.Xz);
        if (gradients.Bc is not null)
            OverRows(batch * length, 2 * state * chunks, new ScanBcSumsKernel(view, chunks, dBc, gradients.Bc));
        if (weights)
            OverChannels(inner, new ScanWeightSumsKernel(view, dWeights, gradients));
    }

    /// <summary>The job holds the first numbers of all samples and channels.</summary>
    private readonly struct ScanGradientKernel(
        VectorKernels vectors, ScanView view, int chunks, ScanBackwardJob all) : ISampleRange
    {
        public void Run(int sample, int from, int to)
        {
            ScanBackwardJob job = all;
            (job.Sample, job.From, job.Channels) = (sample, from, to - from);
            job.DBc += (((long)sample * chunks) + (from / ChannelsPerPiece)) * view.Length * 2 * view.State;
            if (job.DWeights != null)
                job.DWeights += (long)sample * view.Inner * (view.State + 2);
            vectors.ScanBackward(view, job);
        }
    }

    /// <summary>Sums the chunks of channels in order into the B and C columns.</summary>
    private readonly struct ScanBcSumsKernel(ScanView view, int chunks, float* partials, Tensor dBc) : IRange
    {
        public void Run(int from, int to)
        {
            int width = 2 * view.State, stride = dBc.Columns, offset = stride - width;
            for (int row = from; row < to; row++)
            {
                int sample = row / view.Length, token = row % view.Length;
                float* target = dBc.Pointer + ((long)row * stride) + offset;
                for (int chunk = 0; chunk < chunks; chunk++)
                {
                    float* part = partials + (((((long)sample * chunks) + chunk) * view.Length) + token) * width;
                    for (int i = 0; i < width; i++)
                        target[i] += part[i];
                }
            }
        }
    }

    /// <summary>Sums the samples in order into the gradients of A_log, D and the step size's bias.</summary>
    private readonly struct ScanWeightSumsKernel(ScanView view, float* partials, ScanGradients targets) : IRange
    {
        public void Run(int from, int to)
        {
            int row = view.State + 2;
            for (int sample = 0; sample < view.Batch; sample++)
            {
                for (int c = from; c < to; c++)
                {
                    float* part = partials + ((((long)sample * view.Inner) + c) * row);
                    if (targets.ALog is not null)
                    {
                        for (int n = 0; n < view.State; n++)
                            targets.ALog.Pointer[((long)c * view.State) + n] += part[n];
                    }

                    if (targets.D is not null)
                        targets.D.Pointer[c] += part[view.State];
                    if (targets.DeltaBias is not null)
                        targets.DeltaBias.Pointer[c] += part[view.State + 1];
                }
            }
        }
    }
}

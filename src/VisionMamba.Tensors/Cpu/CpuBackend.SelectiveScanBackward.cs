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
        ScanGradients targets = gradients;
        int batch = s.U.Shape[0], length = s.U.Shape[1], inner = s.ALog.Rows, state = s.ALog.Columns;
        int chunks = (inner + (GroupsPerPiece * Simd.Lanes) - 1) / (GroupsPerPiece * Simd.Lanes);
        long rates = ScanView.RatesCount(s), bcNumbers = (long)batch * chunks * length * 2 * state;
        bool weights = targets.ALog is not null || targets.D is not null || targets.DeltaBias is not null;
        int weightRow = state + 2;
        long weightNumbers = weights ? (long)batch * inner * weightRow : 0;
        float* scratch = Scratch.TakeForKernel(rates + bcNumbers + weightNumbers);
        float* dBc = scratch + rates, dWeights = dBc + bcNumbers;
        var view = new ScanView(s, xz, scale, scratch);
        OverChannels(inner, (from, to) => _vectors.ScanRates(view, from, to));
        bool storeU = targets.U is not null && targets.U.TakeBlank();
        bool storeDelta = targets.Delta is not null && targets.Delta.TakeBlank();
        _pool.Run(view.Batch * chunks, index =>
        {
            int sample = index / chunks, chunk = index % chunks;
            int from = chunk * GroupsPerPiece * Simd.Lanes;
            int channels = Math.Min(GroupsPerPiece * Simd.Lanes, view.Inner - from);
            _vectors.ScanBackward(view, new ScanBackwardJob
            {
                Sample = sample,
                From = from,
                Channels = channels,
                DY = dY.Pointer,
                DU = PointerOf(targets.U),
                DDelta = PointerOf(targets.Delta),
                DXz = PointerOf(targets.Xz),
                StoreU = storeU,
                StoreDelta = storeDelta,
                DBc = dBc + ((long)index * view.Length * 2 * view.State),
                DWeights = weights ? dWeights + ((long)sample * view.Inner * weightRow) : null,
            });
        });
        if (targets.Bc is not null)
            AddBcPartials(view, chunks, dBc, targets.Bc);
        if (weights)
            AddWeightPartials(view, dWeights, targets);
    }

    /// <summary>Sums the chunks of channels in order into the B and C columns.</summary>
    private void AddBcPartials(ScanView view, int chunks, float* partials, Tensor dBc)
    {
        int width = 2 * view.State, stride = dBc.Columns, offset = stride - width;
        OverRows(view.Batch * view.Length, width * chunks, (from, to) =>
        {
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
        });
    }

    /// <summary>Sums the samples in order into the gradients of A_log, D and the step size's bias.</summary>
    private void AddWeightPartials(ScanView view, float* partials, ScanGradients targets)
    {
        int row = view.State + 2;
        OverChannels(view.Inner, (from, to) =>
        {
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
        });
    }
}

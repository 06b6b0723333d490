using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

// The states are not stored by the forward pass. A piece (one sample, 128 channels) first runs the recurrence and keeps
// the states at every 8th step; then, from the last block of 8 steps to the first, it runs the block again, keeping its
// states and decays in the first-level cache, and goes back through it:
//   g_t = dh_t + dy_t C_t              dC_t = sum over channels of dy_t h_t       dB_t = sum over channels of g_t delta_t u_t
//   d(delta u)_t = g_t . B_t           d(delta A)_t = g_t exp(delta_t A) h_(t-1)  dh_(t-1) = exp(delta_t A) g_t
public sealed unsafe partial class CpuBackend
{
    private const int BackwardBlock = 8;

    /// <inheritdoc/>
    public override void SelectiveScanBackward(
        in ScanDirection s, Tensor xz, float scale, Tensor dY, in ScanGradients gradients)
    {
        var view = new ScanView(s, xz, scale);
        ScanGradients targets = gradients;
        int chunks = (view.Inner + (GroupsPerPiece * Simd.Lanes) - 1) / (GroupsPerPiece * Simd.Lanes);
        long bcNumbers = (long)view.Batch * chunks * view.Length * 2 * view.State;
        bool weights = targets.ALog is not null || targets.D is not null || targets.DeltaBias is not null;
        int weightRow = view.State + 2;
        long weightNumbers = weights ? (long)view.Batch * view.Inner * weightRow : 0;
        float* dBc = Scratch.TakeForKernel(bcNumbers + weightNumbers), dWeights = dBc + bcNumbers;
        _pool.Run(view.Batch * chunks, index =>
        {
            int sample = index / chunks, chunk = index % chunks;
            var piece = new ScanBackwardPiece(view, sample, chunk * GroupsPerPiece * Simd.Lanes, dY.Pointer, targets)
            {
                DBc = dBc + ((long)index * view.Length * 2 * view.State),
                DWeights = weights ? dWeights + ((long)sample * view.Inner * weightRow) : null,
            };
            piece.Run();
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

    /// <summary>The backward pass of one sample and up to 128 channels.</summary>
    private ref struct ScanBackwardPiece
    {
        private readonly ScanView _view;
        private readonly int _sample, _from, _groups, _blocks, _vectors;
        private readonly float* _dY;
        private readonly ScanGradients _targets;
        private float* _a2, _dh, _dA, _kept, _dBcBlock, _states, _decays, _delta, _deltaU, _dD, _dBias;

        public ScanBackwardPiece(in ScanView view, int sample, int from, float* dY, in ScanGradients targets)
        {
            _view = view;
            _sample = sample;
            _from = from;
            _dY = dY;
            _targets = targets;
            int channels = Math.Min(GroupsPerPiece * Simd.Lanes, view.Inner - from);
            _groups = (channels + Simd.Lanes - 1) / Simd.Lanes;
            _blocks = (view.Length + BackwardBlock - 1) / BackwardBlock;
            _vectors = view.State * Simd.Lanes;
        }

        public float* DBc { get; init; }

        public float* DWeights { get; init; }

        public void Run()
        {
            TakeScratch();
            for (int group = 0; group < _groups; group++)
                KeepStates(group);
            for (int block = _blocks - 1; block >= 0; block--)
            {
                int first = block * BackwardBlock, steps = Math.Min(BackwardBlock, _view.Length - first);
                new Span<float>(_dBcBlock, steps * 2 * _vectors).Clear();
                for (int group = 0; group < _groups; group++)
                {
                    RunBlockAgain(group, block, first, steps);
                    for (int i = steps - 1; i >= 0; i--)
                        StepBack(group, first, i);
                }

                StoreBc(first, steps);
            }

            if (DWeights != null)
                StoreWeights();
        }

        private void TakeScratch()
        {
            int groupVectors = _groups * _vectors, line = BackwardBlock * Simd.Lanes;
            long total = (3L * groupVectors) + ((long)groupVectors * _blocks) + (2L * BackwardBlock * _vectors)
                + ((BackwardBlock + 1L) * _vectors) + ((long)BackwardBlock * _vectors) + (2L * line)
                + (2L * _groups * Simd.Lanes);
            float* p = Scratch.Take(total);
            _a2 = p;
            _dh = _a2 + groupVectors;
            _dA = _dh + groupVectors;
            _kept = _dA + groupVectors;
            _dBcBlock = _kept + ((long)groupVectors * _blocks);
            _states = _dBcBlock + (2L * BackwardBlock * _vectors);
            _decays = _states + ((BackwardBlock + 1L) * _vectors);
            _delta = _decays + ((long)BackwardBlock * _vectors);
            _deltaU = _delta + line;
            _dD = _deltaU + line;
            _dBias = _dD + (_groups * Simd.Lanes);
            new Span<float>(_dh, 2 * groupVectors).Clear();
            new Span<float>(_dD, 2 * _groups * Simd.Lanes).Clear();
        }

        private readonly int Channel(int group) => _from + (group * Simd.Lanes);

        private readonly int Count(int group) => Math.Min(Simd.Lanes, _view.Inner - Channel(group));

        private readonly float* Kept(int group, int block) => _kept + ((((long)group * _blocks) + block) * _vectors);

        /// <summary>Forward through all blocks but the last, keeping the states at each block's start.</summary>
        private readonly void KeepStates(int group)
        {
            float* a2 = _a2 + (group * _vectors);
            _view.LoadA(Channel(group), Count(group), a2);
            new Span<float>(Kept(group, 0), _vectors).Clear();
            for (int block = 0; block + 1 < _blocks; block++)
            {
                float* h = Kept(group, block + 1);
                new Span<float>(Kept(group, block), _vectors).CopyTo(new Span<float>(h, _vectors));
                int first = block * BackwardBlock;
                _view.LoadBlock(_sample, Channel(group), Count(group), first, BackwardBlock, _delta, _deltaU);
                for (int i = 0; i < BackwardBlock; i++)
                {
                    float* b = _view.B(_view.Row(_sample, _view.Token(first + i)));
                    Vector512<float> delta = Vector512.Load(_delta + (i * Simd.Lanes));
                    Vector512<float> deltaU = Vector512.Load(_deltaU + (i * Simd.Lanes));
                    for (int n = 0; n < _view.State; n++)
                    {
                        int at = n * Simd.Lanes;
                        Vector512<float> decay = Simd.Exp2(delta * Vector512.Load(a2 + at));
                        Simd.Fma(decay, Vector512.Load(h + at), deltaU * Vector512.Create(b[n])).Store(h + at);
                    }
                }
            }
        }

        /// <summary>The states after every step of the block (the first row is before it) and the decays.</summary>
        private readonly void RunBlockAgain(int group, int block, int first, int steps)
        {
            float* a2 = _a2 + (group * _vectors);
            _view.LoadBlock(_sample, Channel(group), Count(group), first, steps, _delta, _deltaU);
            new Span<float>(Kept(group, block), _vectors).CopyTo(new Span<float>(_states, _vectors));
            for (int i = 0; i < steps; i++)
            {
                float* b = _view.B(_view.Row(_sample, _view.Token(first + i)));
                Vector512<float> delta = Vector512.Load(_delta + (i * Simd.Lanes));
                Vector512<float> deltaU = Vector512.Load(_deltaU + (i * Simd.Lanes));
                float* before = _states + (i * _vectors), decays = _decays + (i * _vectors);
                for (int n = 0; n < _view.State; n++)
                {
                    int at = n * Simd.Lanes;
                    Vector512<float> decay = Simd.Exp2(delta * Vector512.Load(a2 + at));
                    decay.Store(decays + at);
                    Simd.Fma(decay, Vector512.Load(before + at), deltaU * Vector512.Create(b[n]))
                        .Store(before + _vectors + at);
                }
            }
        }

        private readonly void StepBack(int group, int first, int i)
        {
            int c = Channel(group), count = Count(group), state = _view.State;
            long row = _view.Row(_sample, _view.Token(first + i));
            Vector512<float> z = _view.Z(row, c, count), gate = Simd.Sigmoid(z);
            Vector512<float> dOut = Simd.Load(_dY + (row * _view.Inner) + c, count) * _view.Scale;
            Vector512<float> dy = dOut * z * gate, u = _view.U(row, c, count), d = _view.D(c, count);
            Vector512<float> delta = Vector512.Load(_delta + (i * Simd.Lanes));
            Vector512<float> deltaU = Vector512.Load(_deltaU + (i * Simd.Lanes));
            Vector512<float> y = d * u, dDeltaU = Vector512<float>.Zero, dDelta = Vector512<float>.Zero;
            float* b = _view.B(row), before = _states + (i * _vectors), after = before + _vectors;
            float* decays = _decays + (i * _vectors), dB = _dBcBlock + (2 * i * _vectors), dC = dB + _vectors;
            float* a2 = _a2 + (group * _vectors), dh = _dh + (group * _vectors);
            float* dA = DWeights == null ? null : _dA + (group * _vectors);
            for (int n = 0; n < state; n++)
            {
                int at = n * Simd.Lanes;
                Vector512<float> h = Vector512.Load(after + at), cn = Vector512.Create(b[state + n]);
                Vector512<float> g = Simd.Fma(dy, cn, Vector512.Load(dh + at));
                y = Simd.Fma(cn, h, y);
                Simd.Fma(dy, h, Vector512.Load(dC + at)).Store(dC + at);
                Simd.Fma(g, deltaU, Vector512.Load(dB + at)).Store(dB + at);
                dDeltaU = Simd.Fma(g, Vector512.Create(b[n]), dDeltaU);
                Vector512<float> carried = g * Vector512.Load(decays + at);
                carried.Store(dh + at);
                Vector512<float> dDeltaA = carried * Vector512.Load(before + at);
                dDelta = Simd.Fma(dDeltaA, Vector512.Load(a2 + at), dDelta);
                if (dA != null)
                    Simd.Fma(dDeltaA, delta, Vector512.Load(dA + at)).Store(dA + at);
            }

            Vector512<float> slope = Simd.Sigmoid(_view.RawDelta(row, c, count));
            Vector512<float> dRaw = Simd.Fma(dDeltaU, u, dDelta * Simd.Ln2) * slope;
            StoreStep(row, c, count, Simd.Fma(dDeltaU, delta, d * dy), dRaw, dOut * y * Simd.SiluSlope(z, gate));
            if (DWeights != null)
            {
                Simd.Add(dy * u, _dD + (group * Simd.Lanes), Simd.Lanes);
                Simd.Add(dRaw, _dBias + (group * Simd.Lanes), Simd.Lanes);
            }
        }

        private readonly void StoreStep(
            long row, int c, int count, Vector512<float> dU, Vector512<float> dRaw, Vector512<float> dZ)
        {
            int inner = _view.Inner;
            if (_targets.U is not null)
                Simd.Add(dU, _targets.U.Pointer + (row * inner) + c, count);
            if (_targets.Delta is not null)
                Simd.Add(dRaw, _targets.Delta.Pointer + (row * inner) + c, count);
            if (_targets.Xz is not null)
                Simd.Add(dZ, _targets.Xz.Pointer + (row * 2 * inner) + inner + c, count);
        }

        private readonly void StoreBc(int first, int steps)
        {
            for (int i = 0; i < steps; i++)
            {
                float* to = DBc + ((long)_view.Token(first + i) * 2 * _view.State), from = _dBcBlock + (2 * i * _vectors);
                for (int n = 0; n < 2 * _view.State; n++)
                    to[n] = Vector512.Sum(Vector512.Load(from + (n * Simd.Lanes)));
            }
        }

        /// <summary>Per channel: d A_log = dA A for every state, then dD, then the bias' gradient.</summary>
        private readonly void StoreWeights()
        {
            int row = _view.State + 2;
            for (int group = 0; group < _groups; group++)
            {
                for (int lane = 0; lane < Count(group); lane++)
                {
                    float* to = DWeights + ((long)(Channel(group) + lane) * row);
                    for (int n = 0; n < _view.State; n++)
                    {
                        int at = (group * _vectors) + (n * Simd.Lanes) + lane;
                        to[n] = _dA[at] * _a2[at] * Simd.Ln2;
                    }

                    to[_view.State] = _dD[(group * Simd.Lanes) + lane];
                    to[_view.State + 1] = _dBias[(group * Simd.Lanes) + lane];
                }
            }
        }
    }
}

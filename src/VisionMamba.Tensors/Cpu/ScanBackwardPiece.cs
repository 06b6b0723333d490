using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

/// <summary>The backward pass of one sample and up to 128 channels; see CpuBackend.SelectiveScanBackward.cs for the maths.</summary>
internal unsafe ref struct ScanBackwardPiece
{
    // 8 steps: with 16 states the block's states, decays and dB, dC take 33 KB of the caches, the kept states of 128
    // channels 1 KB a step.
    private const int BlockSteps = 8;
    private readonly ScanView _view;
    private readonly int _sample, _from, _groups, _blocks, _row;
    private readonly float* _dY, _dU, _dDelta, _dXz;
    private readonly bool _storeU, _storeDelta;
    private ScanBlock _block;
    private float* _a2, _dh, _dA, _kept, _steps, _dD, _dBias;

    public ScanBackwardPiece(in ScanView view, int sample, int from, int channels, float* dY, in ScanGradients targets,
        bool storeU, bool storeDelta)
    {
        _view = view;
        _sample = sample;
        _from = from;
        _dY = dY;
        (_storeU, _storeDelta) = (storeU, storeDelta);
        _dU = targets.U is null ? null : targets.U.Pointer;
        _dDelta = targets.Delta is null ? null : targets.Delta.Pointer;
        _dXz = targets.Xz is null ? null : targets.Xz.Pointer;
        _groups = (channels + Simd.Lanes - 1) / Simd.Lanes;
        _blocks = (view.Length + BlockSteps - 1) / BlockSteps;
        _row = view.State * Simd.Lanes;
    }

    /// <summary>(length, 2 state): this piece's sums over its channels.</summary>
    public float* DBc { get; init; }

    /// <summary>(inner, state + 2) of this sample: dA_log, dD and the bias' gradient; null when frozen.</summary>
    public float* DWeights { get; init; }

    public void Run()
    {
        TakeScratch();
        KeepStates();
        for (int block = _blocks - 1; block >= 0; block--)
        {
            int first = block * BlockSteps, steps = Math.Min(BlockSteps, _view.Length - first);
            new Span<float>(_block.DBc, steps * 2 * _row).Clear();
            for (int group = 0; group < _groups; group++)
            {
                Point(group, block);
                LoadBlock(group, block, first, steps);
                ScanKernels.GoBack(_block, _view.B(_sample, first), _view.BStride, steps, _view.State);
                StoreBlock(group, first, steps);
            }

            StoreBc(first, steps);
        }

        if (DWeights != null)
            StoreWeights();
    }

    private void TakeScratch()
    {
        int rows = _groups * _row, line = BlockSteps * Simd.Lanes;
        float* p = Scratch.Take(
            (3L * rows) + ((long)rows * _blocks) + (((4L * BlockSteps) + 1) * _row) + (5L * line) +
            (2L * line * _groups * _blocks) + (2L * _groups * Simd.Lanes));
        float* Next(long count)
        {
            float* taken = p;
            p += count;
            return taken;
        }

        _a2 = Next(rows);
        _dh = Next(rows);
        _dA = Next(rows);
        _dD = Next(_groups * Simd.Lanes);
        _dBias = Next(_groups * Simd.Lanes);
        new Span<float>(_dh, (2 * rows) + (2 * _groups * Simd.Lanes)).Clear();
        _kept = Next((long)rows * _blocks);
        _block.States = Next((BlockSteps + 1) * _row);
        _block.Decays = Next(BlockSteps * _row);
        _block.DBc = Next(2 * BlockSteps * _row);
        _steps = Next(2L * line * _groups * _blocks);
        _block.Gate = Next(line);
        _block.Dy = Next(line);
        _block.Sums = Next(3 * line);
    }

    private readonly int Channel(int group) => _from + (group * Simd.Lanes);

    private readonly int Count(int group) => Math.Min(Simd.Lanes, _view.Inner - Channel(group));

    private readonly float* Kept(int group, int block) => _kept + ((((long)block * _groups) + group) * _row);

    /// <summary>The step sizes of a block, a vector a step; behind them the step sizes times the inputs.</summary>
    private readonly float* Steps(int group, int block) =>
        _steps + ((((long)block * _groups) + group) * 2 * BlockSteps * Simd.Lanes);

    /// <summary>
    /// Forward through all blocks, keeping the states at each block's start and the step sizes of all.
    /// </summary>
    private readonly void KeepStates()
    {
        new Span<float>(_kept, _groups * _row).Clear();
        for (int group = 0; group < _groups; group++)
            _view.LoadA(Channel(group), Count(group), _a2 + (group * _row));
        for (int block = 0; block < _blocks; block++)
        {
            int first = block * BlockSteps, steps = Math.Min(BlockSteps, _view.Length - first);
            for (int group = 0; group < _groups; group++)
            {
                float* delta = Steps(group, block), deltaU = delta + (BlockSteps * Simd.Lanes);
                _view.LoadBlock(_sample, Channel(group), Count(group), first, steps, delta, deltaU);
                if (block + 1 == _blocks)
                    continue;
                float* h = Kept(group, block + 1);
                new Span<float>(Kept(group, block), _row).CopyTo(new Span<float>(h, _row));
                ScanKernels.AdvanceStates(
                    delta, deltaU, _a2 + (group * _row), h, _view.B(_sample, first), _view.BStride,
                    BlockSteps, _view.State);
            }
        }
    }

    private void Point(int group, int block)
    {
        _block.Delta = Steps(group, block);
        _block.DeltaU = _block.Delta + (BlockSteps * Simd.Lanes);
        _block.A2 = _a2 + (group * _row);
        _block.Dh = _dh + (group * _row);
        _block.DA = DWeights == null ? null : _dA + (group * _row);
    }

    /// <summary>The block's states and decays again, and the gradient of its ungated outputs.</summary>
    private readonly void LoadBlock(int group, int block, int first, int steps)
    {
        int c = Channel(group), count = Count(group);
        new Span<float>(Kept(group, block), _row).CopyTo(new Span<float>(_block.States, _row));
        ScanKernels.AdvanceKeeping(
            _block.Delta, _block.DeltaU, _block.A2, _block.States, _block.Decays, _view.B(_sample, first), _view.BStride,
            steps, _view.State);
        for (int i = 0; i < steps; i++)
        {
            long row = _view.Row(_sample, _view.Token(first + i));
            Vector512<float> z = _view.Z(row, c, count), gate = Simd.Sigmoid(z);
            Vector512<float> dOut = Simd.Load(_dY + (row * _view.Inner) + c, count) * _view.Scale;
            gate.Store(_block.Gate + (i * Simd.Lanes));
            (dOut * z * gate).Store(_block.Dy + (i * Simd.Lanes));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void StoreBlock(int group, int first, int steps)
    {
        int c = Channel(group), count = Count(group);
        Vector512<float> d = _view.D(c, count), dD = Vector512<float>.Zero, dBias = Vector512<float>.Zero;
        for (int i = steps - 1; i >= 0; i--)
        {
            long row = _view.Row(_sample, _view.Token(first + i));
            float* sums = _block.Sums + (3 * i * Simd.Lanes);
            Vector512<float> u = _view.U(row, c, count), dy = Vector512.Load(_block.Dy + (i * Simd.Lanes));
            Vector512<float> dDeltaU = Vector512.Load(sums + Simd.Lanes);
            Vector512<float> dDelta = Vector512.Load(sums + (2 * Simd.Lanes)) * Simd.Ln2;
            Vector512<float> dRaw = Simd.Fma(dDeltaU, u, dDelta) * Simd.Sigmoid(_view.RawDelta(row, c, count));
            Vector512<float> dU = Simd.Fma(dDeltaU, Vector512.Load(_block.Delta + (i * Simd.Lanes)), d * dy);
            Vector512<float> y = Simd.Fma(d, u, Vector512.Load(sums));
            StoreStep(row, c, count, dU, dRaw, DZ(row, c, count, i, y));
            dD = Simd.Fma(dy, u, dD);
            dBias += dRaw;
        }

        if (DWeights != null)
        {
            Simd.Add(dD, _dD + (group * Simd.Lanes), Simd.Lanes);
            Simd.Add(dBias, _dBias + (group * Simd.Lanes), Simd.Lanes);
        }
    }

    /// <summary>The gradient of the gate's input: dOut y silu'(z).</summary>
    private readonly Vector512<float> DZ(long row, int c, int count, int i, Vector512<float> y)
    {
        Vector512<float> dOut = Simd.Load(_dY + (row * _view.Inner) + c, count) * _view.Scale;
        return dOut * y * Simd.SiluSlope(_view.Z(row, c, count), Vector512.Load(_block.Gate + (i * Simd.Lanes)));
    }

    private readonly void StoreStep(
        long row, int c, int count, Vector512<float> dU, Vector512<float> dRaw, Vector512<float> dZ)
    {
        long at = (row * _view.Inner) + c;
        if (_dU != null)
            Write(dU, _dU + at, count, _storeU);
        if (_dDelta != null)
            Write(dRaw, _dDelta + at, count, _storeDelta);
        if (_dXz != null)
            Simd.Add(dZ, _dXz + (((2 * row) + 1) * _view.Inner) + c, count);
    }

    private static void Write(Vector512<float> value, float* to, int count, bool store)
    {
        if (store)
            Simd.Store(value, to, count);
        else
            Simd.Add(value, to, count);
    }

    private readonly void StoreBc(int first, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            float* to = DBc + ((long)_view.Token(first + i) * 2 * _view.State), from = _block.DBc + (2 * i * _row);
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
                    int at = (group * _row) + (n * Simd.Lanes) + lane;
                    to[n] = _dA[at] * _a2[at] * Simd.Ln2;
                }

                to[_view.State] = _dD[(group * Simd.Lanes) + lane];
                to[_view.State + 1] = _dBias[(group * Simd.Lanes) + lane];
            }
        }
    }
}

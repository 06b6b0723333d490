using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VisionMamba.Tensors.Cpu;

/// <summary>
/// The backward pass of one sample and up to 128 channels; see CpuBackend.SelectiveScanBackward.cs for the maths.
/// </summary>
internal unsafe ref struct ScanBackwardPiece<T>
    where T : struct, ILanes<T>
{
    // 8 steps: with 16 states the block's states, decays and dB, dC take 33 KB of the caches, the kept states of 128
    // channels 1 KB a step.
    private const int BlockSteps = 8;
    private readonly ScanView _view;
    private readonly ScanBackwardJob _job;
    private readonly int _groups, _blocks, _row, _wideRow;
    private ScanBlock _block;
    private float* _dh, _dA, _kept, _steps, _dBc, _dD, _dBias;
    private bool* _deep;

    public ScanBackwardPiece(in ScanView view, in ScanBackwardJob job)
    {
        (_view, _job) = (view, job);
        _groups = (job.Channels + T.Count - 1) / T.Count;
        _blocks = (view.Length + BlockSteps - 1) / BlockSteps;
        _row = view.State * T.Count;
        _wideRow = view.State * Simd.Lanes;
    }

    public void Run()
    {
        TakeScratch();
        KeepStates();
        for (int block = _blocks - 1; block >= 0; block--)
        {
            int first = block * BlockSteps, steps = Math.Min(BlockSteps, _view.Length - first);
            new Span<float>(_dBc, steps * 2 * _wideRow).Clear();
            for (int group = 0; group < _groups; group++)
            {
                Point(group, block);
                LoadBlock(group, block, first, steps);
                ScanKernels<T>.GoBack(_block, _view.B(_job.Sample, first), _view.BStride, steps, _view.State);
                StoreBlock(group, first, steps);
            }

            StoreBc(first, steps);
        }

        if (_job.DWeights != null)
            StoreWeights();
    }

    private void TakeScratch()
    {
        int rows = _groups * _row, line = BlockSteps * T.Count;
        float* p = Scratch.Take(
            (2L * rows) + ((long)rows * _blocks) + (((2L * BlockSteps) + 1) * _row) + (5L * line) +
            (2L * BlockSteps * _wideRow) + (2L * line * _groups * _blocks) + (2L * _groups * T.Count) +
            ((((long)_groups * _blocks) + sizeof(float) - 1) / sizeof(float)));
        float* Next(long count)
        {
            float* taken = p;
            p += count;
            return taken;
        }

        _dh = Next(rows);
        _dA = Next(rows);
        _dD = Next(_groups * T.Count);
        _dBias = Next(_groups * T.Count);
        new Span<float>(_dh, (2 * rows) + (2 * _groups * T.Count)).Clear();
        _kept = Next((long)rows * _blocks);
        _block.States = Next((BlockSteps + 1) * _row);
        _block.Decays = Next(BlockSteps * _row);
        _dBc = Next(2 * BlockSteps * _wideRow);
        _steps = Next(2L * line * _groups * _blocks);
        _block.Gate = Next(line);
        _block.Dy = Next(line);
        _block.Sums = Next(3 * line);
        _deep = (bool*)Next(0);
    }

    private readonly int Channel(int group) => _job.From + (group * T.Count);

    private readonly int Count(int group) => Math.Min(T.Count, _view.Inner - Channel(group));

    private readonly float* Kept(int group, int block) => _kept + ((((long)block * _groups) + group) * _row);

    /// <summary>The step sizes of a block, a vector a step; behind them the step sizes times the inputs.</summary>
    private readonly float* Steps(int group, int block) =>
        _steps + ((((long)block * _groups) + group) * 2 * BlockSteps * T.Count);

    /// <summary>Whether an exponent of the block may need its lower bound.</summary>
    private readonly bool* Deep(int group, int block) => _deep + ((long)block * _groups) + group;

    /// <summary>
    /// Forward through all blocks, keeping the states at each block's start and the step sizes of all.
    /// </summary>
    private readonly void KeepStates()
    {
        new Span<float>(_kept, _groups * _row).Clear();
        for (int block = 0; block < _blocks; block++)
        {
            int first = block * BlockSteps, steps = Math.Min(BlockSteps, _view.Length - first);
            for (int group = 0; group < _groups; group++)
            {
                float* delta = Steps(group, block), deltaU = delta + (BlockSteps * T.Count);
                bool deep = _view.LoadBlock<T>(_job.Sample, Channel(group), Count(group), first, steps, delta, deltaU);
                *Deep(group, block) = deep;
                if (block + 1 == _blocks)
                    continue;
                float* h = Kept(group, block + 1);
                new Span<float>(Kept(group, block), _row).CopyTo(new Span<float>(h, _row));
                ScanKernels<T>.AdvanceStates(
                    delta, deltaU, _view.Rates<T>(Channel(group)), h, _view.B(_job.Sample, first), _view.BStride,
                    BlockSteps, _view.State, deep);
            }
        }
    }

    private void Point(int group, int block)
    {
        _block.Delta = Steps(group, block);
        _block.DeltaU = _block.Delta + (BlockSteps * T.Count);
        _block.A2 = _view.Rates<T>(Channel(group));
        _block.Dh = _dh + (group * _row);
        _block.DA = _job.DWeights == null ? null : _dA + (group * _row);
        // 16 partial sums in any width, so that the bits are the same.
        _block.DBc = _dBc + (group * T.Count % Simd.Lanes);
    }

    /// <summary>The block's states and decays again, and the gradient of its ungated outputs.</summary>
    private readonly void LoadBlock(int group, int block, int first, int steps)
    {
        new Span<float>(Kept(group, block), _row).CopyTo(new Span<float>(_block.States, _row));
        ScanKernels<T>.AdvanceKeeping(
            _block.Delta, _block.DeltaU, _block.A2, _block.States, _block.Decays, _view.B(_job.Sample, first),
            _view.BStride, steps, _view.State, *Deep(group, block));
        LoadGates(Channel(group), Count(group), first, steps);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private readonly void LoadGates(int c, int count, int first, int steps)
    {
        if (count == T.Count)
            LoadGateSteps(c, T.Count, first, steps);
        else
            LoadGateSteps(c, count, first, steps);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void LoadGateSteps(int c, int count, int first, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            long row = _view.Row(_job.Sample, _view.Token(first + i));
            T z = _view.Z<T>(row, c, count), gate = VectorMath.Sigmoid(z);
            T dOut = T.Load(_job.DY + (row * _view.Inner) + c, count) * _view.Scale;
            gate.Store(_block.Gate + (i * T.Count));
            (dOut * z * gate).Store(_block.Dy + (i * T.Count));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private readonly void StoreBlock(int group, int first, int steps)
    {
        if (Count(group) == T.Count)
            StoreSteps(group, T.Count, first, steps);
        else
            StoreSteps(group, Count(group), first, steps);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void StoreSteps(int group, int count, int first, int steps)
    {
        int c = Channel(group);
        T d = _view.D<T>(c, count), dD = default, dBias = default;
        for (int i = steps - 1; i >= 0; i--)
        {
            long row = _view.Row(_job.Sample, _view.Token(first + i)), at = (row * _view.Inner) + c;
            float* sums = _block.Sums + (3 * i * T.Count);
            T u = _view.U<T>(row, c, count), dy = T.Load(_block.Dy + (i * T.Count)), dDeltaU = T.Load(sums + T.Count);
            T dDelta = T.Load(sums + (2 * T.Count)) * VectorMath.Ln2;
            T dRaw = T.Fma(dDeltaU, u, dDelta) * VectorMath.Sigmoid(_view.RawDelta<T>(row, c, count));
            if (_job.DU != null)
            {
                T dU = T.Fma(dDeltaU, T.Load(_block.Delta + (i * T.Count)), d * dy);
                Write(dU, _job.DU + at, count, _job.StoreU);
            }

            if (_job.DDelta != null)
                Write(dRaw, _job.DDelta + at, count, _job.StoreDelta);
            if (_job.DXz != null)
            {
                T dZ = DZ(row, c, count, i, T.Fma(d, u, T.Load(sums)));
                Write(dZ, _job.DXz + (((2 * row) + 1) * _view.Inner) + c, count, store: false);
            }

            dD = T.Fma(dy, u, dD);
            dBias += dRaw;
        }

        if (_job.DWeights != null)
        {
            (dD + T.Load(_dD + (group * T.Count))).Store(_dD + (group * T.Count));
            (dBias + T.Load(_dBias + (group * T.Count))).Store(_dBias + (group * T.Count));
        }
    }

    /// <summary>The gradient of the gate's input: dOut y silu'(z).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly T DZ(long row, int c, int count, int i, T y)
    {
        T dOut = T.Load(_job.DY + (row * _view.Inner) + c, count) * _view.Scale;
        return dOut * y * VectorMath.SiluSlope(_view.Z<T>(row, c, count), T.Load(_block.Gate + (i * T.Count)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(T value, float* to, int count, bool store) =>
        (store ? value : value + T.Load(to, count)).Store(to, count);

    private readonly void StoreBc(int first, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            float* to = _job.DBc + ((long)_view.Token(first + i) * 2 * _view.State), from = _dBc + (2 * i * _wideRow);
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
            float* a2 = _view.Rates<T>(Channel(group));
            for (int lane = 0; lane < Count(group); lane++)
            {
                float* to = _job.DWeights + ((long)(Channel(group) + lane) * row);
                for (int n = 0; n < _view.State; n++)
                {
                    int at = (n * T.Count) + lane;
                    to[n] = _dA[(group * _row) + at] * a2[at] * VectorMath.Ln2;
                }

                to[_view.State] = _dD[(group * T.Count) + lane];
                to[_view.State + 1] = _dBias[(group * T.Count) + lane];
            }
        }
    }
}

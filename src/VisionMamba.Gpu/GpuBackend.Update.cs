using ILGPU;
using ILGPU.Runtime;
using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

public partial class GpuBackend
{
    private readonly Dictionary<Type, IUpdateQueue> _queues = [];
    private bool _gathering;

    /// <summary>The updates of one rule, to be launched together.</summary>
    private interface IUpdateQueue : IDisposable
    {
        void Launch();
    }

    /// <inheritdoc/>
    public override IDisposable GatherUpdates()
    {
        _gathering = true;
        return new Gathering(this);
    }

    /// <inheritdoc/>
    public override void Update<TRule>(
        TRule rule, Tensor weight, Tensor gradient, Tensor? first, Tensor? second, long start, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + count, weight.Count);
        if (count == 0)
            return;
        if (!_queues.TryGetValue(typeof(TRule), out IUpdateQueue? queue))
            _queues[typeof(TRule)] = queue = new UpdateQueue<TRule>(this);
        ((UpdateQueue<TRule>)queue).Add(rule, View(weight), View(gradient), View(first), View(second), start, count);
        if (!_gathering)
            queue.Launch();
    }

    private sealed class UpdateQueue<TRule>(GpuBackend backend) : IUpdateQueue
        where TRule : unmanaged, IUpdateRule
    {
        private readonly List<UpdateEntry<TRule>> _entries = [];
        private MemoryBuffer1D<UpdateEntry<TRule>, Stride1D.Dense>? _table;
        private ArrayView<float> _lowest;
        private int _groups;

        public void Add(
            TRule rule, ArrayView<float> weight, ArrayView<float> gradient, ArrayView<float> first,
            ArrayView<float> second, long start, long count)
        {
            _entries.Add(new UpdateEntry<TRule>
            {
                Weight = Address(weight) + start,
                Gradient = Address(gradient) + start,
                First = Address(first) + start,
                Second = Address(second) + start,
                Count = count,
                FirstGroup = _groups,
                HasFirst = first.IsValid ? 1 : 0,
                HasSecond = second.IsValid ? 1 : 0,
                Rule = rule,
            });
            _groups += UpdateKernels.Groups(count);
        }

        public void Launch()
        {
            if (_entries.Count == 0)
                return;
            if (_table is null || _table.Length < _entries.Count)
            {
                _table?.Dispose();
                _table = backend.AllocateBlock<UpdateEntry<TRule>>(_entries.Count);
            }

            long origin = Address(_lowest);
            _table.View.SubView(0, _entries.Count).CopyFromCPU([.. _entries.Select(e => e.Moved(-origin))]);
            // A view without an end from the lowest parameter on: all others stand above it in the one address space.
            IContiguousArrayView lowest = _lowest;
            var memory = new ArrayView<float>(lowest.Buffer, lowest.Index, long.MaxValue / sizeof(float));
            backend.Launch(
                UpdateKernels.Configure(_groups), UpdateKernels.Run<TRule>, memory, _table.View.BaseView,
                _entries.Count, TRule.ChangesGradient ? 1 : 0);
            _entries.Clear();
            _groups = 0;
            _lowest = default;
        }

        public void Dispose() => _table?.Dispose();

        /// <summary>The view's address in numbers, not bytes; remembers the lowest.</summary>
        private long Address(ArrayView<float> view)
        {
            if (!view.IsValid)
                return 0;
            long address = view.LoadEffectiveAddressAsPtr() / sizeof(float);
            if (!_lowest.IsValid || address < _lowest.LoadEffectiveAddressAsPtr() / sizeof(float))
                _lowest = view;
            return address;
        }
    }

    private sealed class Gathering(GpuBackend backend) : IDisposable
    {
        public void Dispose()
        {
            backend._gathering = false;
            foreach (IUpdateQueue queue in backend._queues.Values)
                queue.Launch();
        }
    }
}

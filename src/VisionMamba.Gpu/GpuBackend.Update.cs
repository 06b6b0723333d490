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
        private ArrayView<float> _origin;
        private int _groups;

        public void Add(
            TRule rule, ArrayView<float> weight, ArrayView<float> gradient, ArrayView<float> first,
            ArrayView<float> second, long start, long count)
        {
            if (_entries.Count == 0)
                _origin = weight;
            _entries.Add(new UpdateEntry<TRule>
            {
                Weight = Offset(weight) + start, Gradient = Offset(gradient) + start,
                First = Offset(first) + start, Second = Offset(second) + start, Count = count,
                FirstGroup = _groups, HasFirst = first.IsValid ? 1 : 0, HasSecond = second.IsValid ? 1 : 0, Rule = rule,
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
                _table = backend.Accelerator.Allocate1D<UpdateEntry<TRule>>(_entries.Count);
            }

            _table.View.SubView(0, _entries.Count).CopyFromCPU(_entries.ToArray());
            backend.Launch(
                UpdateKernels.Configure(_groups), UpdateKernels.Run<TRule>, _origin, _table.View.BaseView,
                _entries.Count, TRule.ChangesGradient ? 1 : 0);
            _entries.Clear();
            _groups = 0;
        }

        public void Dispose() => _table?.Dispose();

        /// <summary>Numbers from the origin to <paramref name="view"/>; both are in the device's one address space.</summary>
        private long Offset(ArrayView<float> view) => view.IsValid
            ? (view.LoadEffectiveAddressAsPtr() - _origin.LoadEffectiveAddressAsPtr()) / sizeof(float)
            : 0;
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

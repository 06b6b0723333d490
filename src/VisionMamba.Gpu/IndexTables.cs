using ILGPU;
using ILGPU.Runtime;

namespace VisionMamba.Gpu;

/// <summary>
/// Lists of indices in the device's memory, copied once: a model has few (orders of tokens, places of a prompt).
/// </summary>
internal sealed class IndexTables(GpuBackend backend) : IDisposable
{
    private readonly Dictionary<int[], MemoryBuffer1D<int, Stride1D.Dense>> _tables = new(new ByContent());

    /// <summary>The list on the device.</summary>
    public ArrayView<int> Of(int[] indices)
    {
        if (!_tables.TryGetValue(indices, out MemoryBuffer1D<int, Stride1D.Dense>? table))
        {
            table = backend.AllocateBlock<int>(Math.Max(indices.Length, 1));
            table.View.SubView(0, indices.Length).CopyFromCPU(indices);
            _tables[(int[])indices.Clone()] = table;
        }

        return table.View.BaseView;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (MemoryBuffer1D<int, Stride1D.Dense> table in _tables.Values)
            table.Dispose();
        _tables.Clear();
    }

    private sealed class ByContent : IEqualityComparer<int[]>
    {
        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] indices)
        {
            var hash = default(HashCode);
            foreach (int index in indices)
                hash.Add(index);
            return hash.ToHashCode();
        }
    }
}

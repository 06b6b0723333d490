using ILGPU;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu.Kernels;

/// <summary>One number of a thread, for formulas that the processor computes in vectors.</summary>
internal readonly struct ScalarLane(float value) : ILane<ScalarLane>
{
    /// <summary>The number.</summary>
    public readonly float Value = value;

    public static ScalarLane operator +(ScalarLane a, ScalarLane b) => new(a.Value + b.Value);

    public static ScalarLane operator -(ScalarLane a, ScalarLane b) => new(a.Value - b.Value);

    public static ScalarLane operator *(ScalarLane a, ScalarLane b) => new(a.Value * b.Value);

    public static ScalarLane operator *(ScalarLane a, float b) => new(a.Value * b);

    public static ScalarLane operator /(ScalarLane a, ScalarLane b) => new(a.Value / b.Value);

    public static ScalarLane Create(float value) => new(value);

    // The device's assembler makes one instruction of it.
    public static ScalarLane Fma(ScalarLane a, float b, ScalarLane c) => new((a.Value * b) + c.Value);

    public static ScalarLane Sqrt(ScalarLane a) => new(MathF.Sqrt(a.Value));

    public static ScalarLane Sign(ScalarLane a)
    {
        if (a.Value > 0f)
            return new ScalarLane(1f);
        return new ScalarLane(a.Value < 0f ? -1f : 0f);
    }
}

/// <summary>
/// One parameter's part of an update. Its numbers stand so many numbers after the lowest of the launch:
/// a table of views could not be copied to a device.
/// </summary>
internal struct UpdateEntry<TRule>
    where TRule : unmanaged, IUpdateRule
{
    public long Weight, Gradient, First, Second, Count;

    /// <summary>Groups of the parameters before this one.</summary>
    public int FirstGroup;

    public int HasFirst, HasSecond;

    public TRule Rule;

    /// <summary>The same entry with all places moved by <paramref name="distance"/>.</summary>
    public readonly UpdateEntry<TRule> Moved(long distance) => this with
    {
        Weight = Weight + distance,
        Gradient = Gradient + distance,
        First = First + distance,
        Second = Second + distance,
    };
}

/// <summary>
/// All parameters of a step in one launch: a group finds its parameter in a table and owns 1,024 numbers.
/// </summary>
internal static class UpdateKernels
{
    /// <summary>Threads of a group.</summary>
    public const int GroupSize = 256;

    /// <summary>Numbers of a group.</summary>
    public const int PerGroup = 1024;

    /// <summary>How many groups <paramref name="count"/> numbers take.</summary>
    public static int Groups(long count) => checked((int)((count + PerGroup - 1) / PerGroup));

    /// <summary>The groups of all parameters.</summary>
    public static KernelConfig Configure(int groups) => (new Index3D(groups, 1, 1), new Index3D(GroupSize, 1, 1));

    /// <summary>Applies the entries' rules.</summary>
    public static void Run<TRule>(
        ArrayView<float> memory, ArrayView<UpdateEntry<TRule>> entries, int entryCount, int changesGradient)
        where TRule : unmanaged, IUpdateRule
    {
        int low = 0, high = entryCount - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (entries[middle].FirstGroup <= Grid.IdxX)
                low = middle;
            else
                high = middle - 1;
        }

        UpdateEntry<TRule> e = entries[low];
        long from = (long)(Grid.IdxX - e.FirstGroup) * PerGroup, end = from + PerGroup;
        long to = end < e.Count ? end : e.Count;
        for (long i = from + Group.IdxX; i < to; i += GroupSize)
        {
            var w = new ScalarLane(memory[e.Weight + i]);
            var g = new ScalarLane(memory[e.Gradient + i]);
            var m = new ScalarLane(e.HasFirst != 0 ? memory[e.First + i] : 0f);
            var v = new ScalarLane(e.HasSecond != 0 ? memory[e.Second + i] : 0f);
            e.Rule.Apply(ref w, ref g, ref m, ref v);
            memory[e.Weight + i] = w.Value;
            if (changesGradient != 0)
                memory[e.Gradient + i] = g.Value;
            if (e.HasFirst != 0)
                memory[e.First + i] = m.Value;
            if (e.HasSecond != 0)
                memory[e.Second + i] = v.Value;
        }
    }
}

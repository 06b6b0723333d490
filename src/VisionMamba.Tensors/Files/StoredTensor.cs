using System.Runtime.InteropServices;

namespace VisionMamba.Tensors.Files;

/// <summary>A named array inside an opened file. Nothing is read until asked.</summary>
public sealed unsafe class StoredTensor
{
    private readonly MappedFile _file;
    private readonly long _offset;
    private readonly long[] _strides;

    /// <param name="file">The mapped file.</param>
    /// <param name="name">Its name.</param>
    /// <param name="type">How numbers are stored.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="strides">Distance between neighbours in each dimension, in numbers.</param>
    /// <param name="offset">Byte offset of the first number; the caller has checked that all numbers lie in the file.</param>
    internal StoredTensor(MappedFile file, string name, ElementType type, int[] shape, long[] strides, long offset)
    {
        (_file, Name, Type, Shape, _strides, _offset) = (file, name, type, shape, strides, offset);
        Count = Tensor.CountOf(shape);
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>How its numbers are stored.</summary>
    public ElementType Type { get; }

    /// <summary>The sizes, slowest dimension first.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>How many numbers it holds.</summary>
    public long Count { get; }

    private bool Contiguous
    {
        get
        {
            long expected = 1;
            for (int i = Shape.Count - 1; i >= 0; i--)
            {
                if (Shape[i] != 1 && _strides[i] != expected)
                    return false;
                expected *= Shape[i];
            }

            return true;
        }
    }

    /// <summary>Writes all numbers, row major and as fp32, to <paramref name="destination"/>.</summary>
    public void CopyTo(Span<float> destination)
    {
        if (destination.Length != Count)
            throw new ArgumentException($"{Name} holds {Count} numbers, the destination {destination.Length}");
        if (Type == ElementType.F32 && Contiguous && BitConverter.IsLittleEndian)
        {
            MemoryMarshal.Cast<byte, float>(_file.Bytes(_offset, Count * sizeof(float))).CopyTo(destination);
            return;
        }

        int next = 0;
        foreach (long at in Positions())
            destination[next++] = Type.ToSingle(_file.Bytes(at, Type.Size()));
    }

    /// <summary>All numbers, row major, as integers (class labels, counters).</summary>
    public long[] ToInt64()
    {
        long[] values = new long[Count];
        int next = 0;
        foreach (long at in Positions())
            values[next++] = Type.ToInt64(_file.Bytes(at, Type.Size()));
        return values;
    }

    /// <summary>
    /// A free-standing tensor: a read-only view of the mapped file where the numbers are stored as aligned, contiguous
    /// fp32, otherwise a converted copy.
    /// </summary>
    public Tensor ToTensor(bool copy = false)
    {
        int[] shape = [.. Shape];
        bool aligned = ((nint)(_file.Pointer + _offset) & 3) == 0;
        if (!copy && aligned && Type == ElementType.F32 && Contiguous && BitConverter.IsLittleEndian)
            return new Tensor(new Storage((float*)(_file.Pointer + _offset), Count, _file), shape) { Name = Name };
        var tensor = new Tensor(new Storage(Count), shape) { Name = Name };
        CopyTo(tensor.Span);
        return tensor;
    }

    /// <summary>The byte offset of every number in row-major order.</summary>
    private IEnumerable<long> Positions()
    {
        int size = Type.Size();
        int[] index = new int[Shape.Count];
        long at = _offset;
        for (long i = 0; i < Count; i++)
        {
            yield return at;
            for (int d = Shape.Count - 1; d >= 0; d--)
            {
                at += _strides[d] * size;
                if (++index[d] < Shape[d])
                    break;
                at -= _strides[d] * size * Shape[d];
                index[d] = 0;
            }
        }
    }
}

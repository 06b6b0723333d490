using System.Numerics;
using System.Runtime.CompilerServices;

namespace VisionMamba.Tensors.Files;

/// <summary>Converts stored numbers, of any type, stride and byte order, to fp32 or to 64-bit integers.</summary>
internal static unsafe class ElementReader
{
    /// <summary>Reads the row that starts at element row.Source of <paramref name="block"/>.</summary>
    public static void Read<T>(ElementType type, byte* block, TensorRow row, Span<T> target, bool swap)
        where T : unmanaged, INumberBase<T>
    {
        int size = type.Bytes();
        byte* first = block + row.Source * size;
        long step = row.Stride * size;
        switch (type)
        {
            case ElementType.F32: Convert<float, T>(first, step, target, swap); break;
            case ElementType.F16: Convert<Half, T>(first, step, target, swap); break;
            case ElementType.F64: Convert<double, T>(first, step, target, swap); break;
            case ElementType.I64: Convert<long, T>(first, step, target, swap); break;
            case ElementType.I32: Convert<int, T>(first, step, target, swap); break;
            case ElementType.I16: Convert<short, T>(first, step, target, swap); break;
            case ElementType.I8: Convert<sbyte, T>(first, step, target, swap); break;
            case ElementType.U8: Convert<byte, T>(first, step, target, swap); break;
            case ElementType.BF16: Widen(first, step, target, swap); break;
            case ElementType.Bool: Truth(first, step, target); break;
            default: throw new ArgumentOutOfRangeException(nameof(type));
        }
    }

    private static void Convert<TStored, T>(byte* first, long step, Span<T> target, bool swap)
        where TStored : unmanaged, INumberBase<TStored>
        where T : unmanaged, INumberBase<T>
    {
        if (typeof(TStored) == typeof(T) && !swap && step == sizeof(T))
        {
            fixed (T* to = target)
                Buffer.MemoryCopy(first, to, (long)target.Length * sizeof(T), (long)target.Length * sizeof(T));
            return;
        }

        for (int i = 0; i < target.Length; i++)
            target[i] = T.CreateTruncating(Load<TStored>(first + i * step, swap));
    }

    private static void Widen<T>(byte* first, long step, Span<T> target, bool swap)
        where T : unmanaged, INumberBase<T>
    {
        for (int i = 0; i < target.Length; i++)
        {
            uint bits = (uint)Load<ushort>(first + i * step, swap) << 16;
            target[i] = T.CreateTruncating(BitConverter.UInt32BitsToSingle(bits));
        }
    }

    private static void Truth<T>(byte* first, long step, Span<T> target)
        where T : unmanaged, INumberBase<T>
    {
        for (int i = 0; i < target.Length; i++)
            target[i] = first[i * step] != 0 ? T.One : T.Zero;
    }

    private static TStored Load<TStored>(byte* at, bool swap)
        where TStored : unmanaged
    {
        TStored value = Unsafe.ReadUnaligned<TStored>(at);
        if (swap)
            new Span<byte>(&value, sizeof(TStored)).Reverse();
        return value;
    }
}

using System.Runtime.InteropServices;

namespace VisionMamba.Tensors.Cpu;

/// <summary>Per-thread working memory of kernels: grows to the largest need seen and stays.</summary>
internal static unsafe class Scratch
{
    [ThreadStatic]
    private static Block? t_piece;

    [ThreadStatic]
    private static Block? t_kernel;

    /// <summary>
    /// For one piece: at least <paramref name="count"/> numbers, 64-byte aligned, not initialised; valid until the next
    /// call on this thread.
    /// </summary>
    public static float* Take(long count) => (t_piece ??= new Block()).AtLeast(count);

    /// <summary>For a whole kernel, shared by its pieces: taken by the calling thread before it starts them.</summary>
    public static float* TakeForKernel(long count) => (t_kernel ??= new Block()).AtLeast(count);

    private sealed class Block
    {
        private float* _pointer;
        private long _count;

        ~Block() => NativeMemory.AlignedFree(_pointer);

        public float* AtLeast(long count)
        {
            if (count <= _count)
                return _pointer;
            NativeMemory.AlignedFree(_pointer);
            _pointer = (float*)NativeMemory.AlignedAlloc((nuint)((count * sizeof(float)) + 63) & ~(nuint)63, 64);
            _count = count;
            return _pointer;
        }
    }
}

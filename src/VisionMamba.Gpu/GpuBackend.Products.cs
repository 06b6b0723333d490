using ILGPU;
using ILGPU.Runtime;
using VisionMamba.Gpu.Cublas;
using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

// Matrices here have contiguous rows; BLAS has contiguous columns, which is the transposed matrix in the same memory.
// So C = A B is asked for as C^T = B^T A^T, and nothing is moved.
public partial class GpuBackend
{
    /// <summary>The library of matrix products; null for the kernels of <see cref="MatrixKernels"/>.</summary>
    internal IGemm? Gemm { get; init; }

    /// <summary>What the inputs of the library's products are rounded to.</summary>
    internal Precision Precision { get; init; }

    /// <summary>How many weights were rounded to bfloat16; frozen ones once.</summary>
    internal int WeightsRounded { get; private set; }

    /// <summary>
    /// The product. <paramref name="weight"/> is the tensor that B lies in where it lives longer than a step, so that
    /// its rounded copy can serve again.
    /// </summary>
    private void Multiply(in MatrixArguments p, Tensor? weight = null)
    {
        if (Gemm is null)
        {
            Launch(MatrixKernels.Configure(p.M, p.N), MatrixKernels.Multiply, p);
            return;
        }

        float beta = p.Accumulate;
        if (p.HasBias != 0)
        {
            Launch(ElementKernels.Configure((long)p.M * p.N), GemmInputKernels.FillRows, new RowFillArguments
            {
                Row = p.Bias,
                C = p.C,
                Count = (long)p.M * p.N,
                Columns = p.N,
                Line = p.CRow,
            });
            beta = 1;
        }

        if (Precision == Precision.Bf16)
            MultiplyRounded(p, beta, weight is { Pooled: false } ? weight : null);
        else
            Call(p, beta, Of(p.B, p.BRow, p.BColumn, p.K, p.N), Of(p.A, p.ARow, p.AColumn, p.M, p.K));
    }

    private void MultiplyRounded(in MatrixArguments p, float beta, Tensor? weight)
    {
        using GpuScratch a = Scratch((((long)p.M * p.K) + 1) / 2);
        using GpuScratch b = Scratch(weight is null ? (((long)p.K * p.N) + 1) / 2 : 1);
        GemmOperand first = weight is null ? Rounded(p.B, p.BRow, p.BColumn, p.K, p.N, b.View.Cast<ushort>())
            : RoundedOnce(p, weight);
        Call(p, beta, first, Rounded(p.A, p.ARow, p.AColumn, p.M, p.K, a.View.Cast<ushort>()));
    }

    /// <summary>
    /// A weight, whose memory is rounded again as a whole only when it may have changed. The copy lies as it lies.
    /// </summary>
    private GemmOperand RoundedOnce(in MatrixArguments p, Tensor weight)
    {
        GpuMemory memory = Memory(weight);
        MemoryBuffer1D<ushort, Stride1D.Dense> copy =
            memory.Rounded?.Numbers ?? AllocateBlock<ushort>(memory.View.Length);
        if (memory.Rounded?.Generation != memory.Generation)
        {
            int count = checked((int)copy.Length);
            Rounded(memory.View, count, 1, 1, count, copy.View.BaseView);
            WeightsRounded++;
            memory.Rounded = (copy, memory.Generation);
        }

        return Lying(Address(copy.View.BaseView), p.BColumn == 1, p.K, p.N);
    }

    private void Call(in MatrixArguments p, float beta, GemmOperand first, GemmOperand second)
    {
        Accelerator.Bind();
        Gemm!.Multiply(new GemmCall(
            p.N, p.M, p.K, first, second, beta, Address(p.C), p.CRow, (GemmInput)Precision));
    }

    /// <summary>A matrix with contiguous rows is BLAS' plain transposed one.</summary>
    private static GemmOperand Of(ArrayView<float> matrix, int row, int column, int rows, int columns) => column == 1
        ? new GemmOperand(Address(matrix), Math.Max(row, columns), Transposed: false)
        : new GemmOperand(Address(matrix), Math.Max(column, rows), Transposed: true);

    private static IntPtr Address<T>(ArrayView<T> numbers)
        where T : unmanaged => numbers.LoadEffectiveAddressAsPtr();

    /// <summary>A copy in bfloat16 without gaps, lying as the matrix lies.</summary>
    private GemmOperand Rounded(
        ArrayView<float> matrix, int row, int column, int rows, int columns, ArrayView<ushort> copy)
    {
        bool contiguousRows = column == 1;
        int width = contiguousRows ? columns : rows;
        Launch(ElementKernels.Configure((long)rows * columns), GemmInputKernels.RoundToBf16, new RoundingArguments
        {
            X = matrix,
            Y = copy,
            Count = (long)rows * columns,
            Columns = width,
            Line = contiguousRows ? row : column,
        });
        return Lying(Address(copy), contiguousRows, rows, columns);
    }

    private static GemmOperand Lying(IntPtr copy, bool contiguousRows, int rows, int columns) =>
        new(copy, contiguousRows ? columns : rows, Transposed: !contiguousRows);
}

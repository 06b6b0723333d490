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
                Matrix = new LinedMatrix { Numbers = p.C, Count = (long)p.M * p.N, Columns = p.N, Line = p.CRow },
            });
            beta = 1;
        }

        if (Precision is Precision.Bf16 or Precision.Fp16)
            MultiplyRounded(p, beta, weight is { Pooled: false } ? weight : null);
        else
            Call(p, beta, First(p).Plain, Second(p).Plain);
    }

    private void Call(in MatrixArguments p, float beta, GemmOperand first, GemmOperand second, IntPtr factors = default)
    {
        Accelerator.Bind();
        Gemm!.Multiply(new GemmCall(
            p.N, p.M, p.K, first, second, beta, Address(p.C), p.CRow, (GemmInput)Precision, factors));
    }

    private static Matrix First(in MatrixArguments p) => new(p.B, p.BRow, p.BColumn, p.K, p.N);

    private static Matrix Second(in MatrixArguments p) => new(p.A, p.ARow, p.AColumn, p.M, p.K);

    private static IntPtr Address<T>(ArrayView<T> numbers)
        where T : unmanaged => numbers.LoadEffectiveAddressAsPtr();

    /// <summary>An input as it lies in memory: from a row to the next, and from a column.</summary>
    private readonly record struct Matrix(ArrayView<float> Numbers, int Row, int Column, int Rows, int Columns)
    {
        public long Count => (long)Rows * Columns;

        /// <summary>The same by lines of numbers that follow each other.</summary>
        public LinedMatrix Lines => new() { Numbers = Numbers, Count = Count, Columns = Width, Line = Line };

        private int Width => Column == 1 ? Columns : Rows;

        private int Line => Column == 1 ? Row : Column;

        /// <summary>A matrix with contiguous rows is BLAS' plain transposed one.</summary>
        public GemmOperand Plain => new(Address(Numbers), Math.Max(Line, Width), Transposed: Column != 1);

        /// <summary>A copy without gaps that lies as it lies.</summary>
        public GemmOperand Copied(ArrayView<ushort> copy) => new(Address(copy), Width, Transposed: Column != 1);
    }
}

using VisionMamba.Gpu.Cublas;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Gpu;

/// <summary>
/// What cublasGemmEx is documented to do, number by number, on the emulated device's memory, which is the host's.
/// </summary>
internal sealed unsafe class HostGemm : IGemm
{
    /// <summary>The device, whose earlier work must be done before its memory is read.</summary>
    public Backend? Device { get; set; }

    public int Calls { get; private set; }

    public string Description => "host";

    public void Multiply(in GemmCall call)
    {
        Device!.Synchronize();
        Calls++;
        // cuBLAS refuses these.
        Assert.True(call.A.Leading >= (call.A.Transposed ? call.K : call.M), $"lda {call}");
        Assert.True(call.B.Leading >= (call.B.Transposed ? call.N : call.K), $"ldb {call}");
        Assert.True(call.Ldc >= call.M, $"ldc {call}");
        float* c = (float*)call.C;
        for (int column = 0; column < call.N; column++)
        {
            for (int row = 0; row < call.M; row++)
            {
                double sum = 0;
                for (int k = 0; k < call.K; k++)
                    sum += (double)Read(call.A, row, k, call.Input) * Read(call.B, k, column, call.Input);
                float* to = c + ((long)column * call.Ldc) + row, factors = (float*)call.Factors;
                float beta = factors == null ? call.Beta : factors[1];
                *to = (float)((factors == null ? sum : factors[0] * sum) + (beta == 0 ? 0 : beta * *to));
            }
        }
    }

    public void Dispose()
    {
    }

    private static float Read(GemmOperand x, int row, int column, GemmInput input)
    {
        long at = x.Transposed ? ((long)row * x.Leading) + column : ((long)column * x.Leading) + row;
        return input switch
        {
            GemmInput.Fp16 => (float)BitConverter.UInt16BitsToHalf(((ushort*)x.Address)[at]),
            GemmInput.Bf16 => BitConverter.Int32BitsToSingle(((ushort*)x.Address)[at] << 16),
            // The tensor cores keep 10 bits of the mantissa.
            GemmInput.Tf32 => BitConverter.Int32BitsToSingle(((int*)x.Address)[at] & ~0x1FFF),
            _ => ((float*)x.Address)[at],
        };
    }
}

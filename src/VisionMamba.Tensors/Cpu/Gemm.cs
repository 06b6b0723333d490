namespace VisionMamba.Tensors.Cpu;

internal sealed unsafe class Gemm(WorkerPool pool) : IDisposable
{
    public void Multiply(
        bool transposeA, bool transposeB, int m, int n, int k, float* a, long lda, float* b, long ldb, float* c, long ldc,
        bool accumulate, float* bias = null) => pool.Run(m, i =>
    {
        for (int j = 0; j < n; j++)
        {
            double s = bias == null ? 0 : bias[j];
            for (int p = 0; p < k; p++)
                s += (double)(transposeA ? a[(p * lda) + i] : a[(i * lda) + p]) * (transposeB ? b[(j * ldb) + p] : b[(p * ldb) + j]);
            c[(i * ldc) + j] = (accumulate ? c[(i * ldc) + j] : 0) + (float)s;
        }
    });

    public void Dispose() { }
}

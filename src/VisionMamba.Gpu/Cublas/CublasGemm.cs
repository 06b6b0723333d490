namespace VisionMamba.Gpu.Cublas;

/// <summary>
/// Products by cuBLAS in one stream: its results then repeat their bits (cuBLAS guide, section 2.1.4).
/// </summary>
internal sealed unsafe class CublasGemm : IGemm
{
    // cudaDataType: CUDA_R_32F, CUDA_R_16F, CUDA_R_16BF. cublasOperation_t: CUBLAS_OP_N, CUBLAS_OP_T.
    private const int Float = 0, Half = 2, BFloat = 14, Plain = 0, Transposed = 1;

    // cublasPointerMode_t: where the two factors of a product are.
    private const int OnHost = 0, OnDevice = 1;

    // cublasComputeType_t: CUBLAS_COMPUTE_32F, CUBLAS_COMPUTE_32F_FAST_TF32. cublasGemmAlgo_t: CUBLAS_GEMM_DEFAULT.
    private const int Compute32 = 68, ComputeTf32 = 77, DefaultAlgorithm = -1;

    private static readonly string[] s_statuses =
    [
        "success", "not initialised", "", "out of memory", "", "", "", "invalid value", "architecture mismatch", "", "",
        "mapping error", "", "execution failed", "internal error", "not supported", "licence error",
    ];

    private readonly CublasLibrary _library;
    private IntPtr _handle;
    private int _factorsAt = OnHost;

    /// <summary>The calling thread must have made the device current.</summary>
    public CublasGemm(CublasLibrary library, IntPtr stream)
    {
        _library = library;
        IntPtr handle;
        Check(library.Create(&handle), "cublasCreate");
        _handle = handle;
        Check(library.SetStream(handle, stream), "cublasSetStream");
        int version;
        Check(library.GetVersion(handle, &version), "cublasGetVersion");
        Description = $"{library.File} ({Version(version)})";
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public void Multiply(in GemmCall call)
    {
        float alpha = 1, beta = call.Beta;
        float* factor = call.Factors == IntPtr.Zero ? &alpha : (float*)call.Factors;
        float* added = call.Factors == IntPtr.Zero ? &beta : factor + 1;
        ReadFactors(call.Factors == IntPtr.Zero ? OnHost : OnDevice);
        int type = call.Input switch { GemmInput.Bf16 => BFloat, GemmInput.Fp16 => Half, _ => Float };
        int compute = call.Input == GemmInput.Tf32 ? ComputeTf32 : Compute32;
        Check(
            _library.GemmEx(
                _handle, call.A.Transposed ? Transposed : Plain, call.B.Transposed ? Transposed : Plain, call.M, call.N,
                call.K, factor, call.A.Address, type, call.A.Leading, call.B.Address, type, call.B.Leading, added,
                call.C, Float, call.Ldc, compute, DefaultAlgorithm),
            "cublasGemmEx");
    }

    private void ReadFactors(int place)
    {
        if (_factorsAt == place)
            return;
        Check(_library.SetPointerMode(_handle, place), "cublasSetPointerMode");
        _factorsAt = place;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_handle != IntPtr.Zero)
            _library.Destroy(_handle);
        _handle = IntPtr.Zero;
    }

    /// <summary>Major x 10000 + minor x 100 + patch; before 11.0 x 1000 (which is not looked for).</summary>
    private static string Version(int number) => $"{number / 10000}.{number / 100 % 100}.{number % 100}";

    private void Check(int status, string function)
    {
        if (status == 0)
            return;
        string reason = status > 0 && status < s_statuses.Length && s_statuses[status].Length > 0
            ? s_statuses[status] : $"status {status}";
        throw new VisionMambaException(
            $"{_library.File}: {function} failed: {reason}; see whether another cuBLAS ({CublasLibrary.Variable}) or "
            + $"{CublasLibrary.Variable}={CublasLibrary.Off} works");
    }
}

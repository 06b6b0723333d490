using ILGPU;
using ILGPU.Runtime.Cuda;
using VisionMamba.Gpu.Cublas;

namespace VisionMamba.Gpu;

/// <summary>A CUDA device, opened for this process.</summary>
public sealed class CudaBackend : GpuBackend
{
    private readonly Context _context;
    private readonly CudaAccelerator _accelerator;
    private readonly CudaDeviceInfo _device;

    private CudaBackend(Context context, CudaAccelerator accelerator, CudaDeviceInfo device)
        : base(accelerator) => (_context, _accelerator, _device) = (context, accelerator, device);

    /// <inheritdoc/>
    public override string Description =>
        $"cuda:{_device.Index} ({_device.Name}, {_device.Architecture}, {_device.MemoryBytes / 1e9:F0} GB, "
        + $"{Precision.ToString().ToLowerInvariant()}, products by {Gemm?.Description ?? "own kernels"})";

    /// <inheritdoc/>
    public override long FreeBytes => _accelerator.GetFreeMemory();

    /// <summary>Opens device <paramref name="index"/>, with matrix products by cuBLAS.</summary>
    /// <exception cref="VisionMambaException">
    /// There is no such device, or it cannot be used: the message says why.
    /// </exception>
    public static CudaBackend Open(int index, Precision precision = Precision.Fp32)
    {
        CublasLibrary? cublas = FindCublas(precision);
        Context context = CudaDeviceInfo.OpenContext();
        try
        {
            IReadOnlyList<CudaDevice> devices = CudaDeviceInfo.Devices(context);
            if (index >= devices.Count)
                throw new VisionMambaException($"--device cuda:{index}: {Found(devices.Count)}");
            var device = CudaDeviceInfo.Of(index, devices[index]);
            if (device.Problem is { } problem)
                throw new VisionMambaException($"--device cuda:{index}: {device.Name}: {problem}");
            CudaArchitecture architecture = devices[index].Architecture!.Value;
            if (precision.Missing(architecture.Major, architecture.Minor) is { } missing)
                throw new VisionMambaException($"--device cuda:{index}: {device.Name}: {missing}");
            CudaAccelerator accelerator = devices[index].CreateCudaAccelerator(context);
            accelerator.Bind();
            return new CudaBackend(context, accelerator, device)
            {
                Precision = precision,
                Gemm = cublas is null ? null
                    : new CublasGemm(cublas, ((CudaStream)accelerator.DefaultStream).StreamPtr),
            };
        }
        catch (CudaException e)
        {
            context.Dispose();
            throw new VisionMambaException(
                $"--device cuda:{index}: cannot be opened ({e.Error}); another process may hold it: see nvidia-smi", e);
        }
        catch (VisionMambaException)
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>Where cuBLAS is; null when it was not found.</summary>
    public static string? FindCublas() => CublasLibrary.Find();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        _accelerator.Dispose();
        _context.Dispose();
    }

    /// <inheritdoc/>
    protected override bool IsOutOfMemory(Exception e) =>
        e is CudaException { Error: nameof(CudaError.CUDA_ERROR_OUT_OF_MEMORY) } || base.IsOutOfMemory(e);

    private static CublasLibrary? FindCublas(Precision precision)
    {
        string? path = Environment.GetEnvironmentVariable(CublasLibrary.Variable);
        if (path != CublasLibrary.Off)
            return CublasLibrary.Load(path);
        return precision == Precision.Fp32 ? null : throw new VisionMambaException(
            $"{CublasLibrary.Variable}={path}: --precision {precision.ToString().ToLowerInvariant()} needs cuBLAS");
    }

    private static string Found(int count) => count switch
    {
        0 => "no CUDA device was found; see nvidia-smi, or compute with --device cpu",
        1 => "there is one device, cuda:0",
        _ => $"there are {count} devices, cuda:0 to cuda:{count - 1}",
    };
}

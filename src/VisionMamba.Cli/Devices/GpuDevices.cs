using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using VisionMamba.Tensors;
#if GPU
using VisionMamba.Gpu;
#endif

namespace VisionMamba.Cli.Devices;

/// <summary>
/// The way to VisionMamba.Gpu, which compiles its kernels while it runs: a NativeAOT program has no compiler and is
/// built without it. The methods that name its types are not inlined, so that its assemblies are loaded for who asks
/// for a GPU only.
/// </summary>
internal static class GpuDevices
{
    private static readonly string[] s_drivers =
        OperatingSystem.IsWindows() ? ["nvcuda.dll"] : ["libcuda.so.1", "libcuda.so"];

    /// <summary>Why no GPU can be used, without looking at its devices; null when there is a driver.</summary>
    public static string? WhyNone()
    {
#if GPU
        foreach (string driver in s_drivers)
        {
            if (NativeLibrary.TryLoad(driver, out IntPtr handle))
            {
                NativeLibrary.Free(handle);
                return null;
            }
        }

        return $"no CUDA driver is installed ({s_drivers[0]} was not found)";
#else
        return "this program was compiled ahead of time and computes on the cpu alone; "
            + "the ReadyToRun program uses GPUs";
#endif
    }

    /// <summary>
    /// Opens CUDA device <paramref name="index"/>; <paramref name="precision"/> is fp32, tf32, bf16 or
    /// fp16.
    /// </summary>
    /// <exception cref="VisionMambaException">It cannot be used; the message says why.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Backend Open(int index, string precision) =>
#if GPU
        CudaBackend.Open(index, Enum.Parse<Precision>(precision, ignoreCase: true));
#else
        throw new UsageException($"--device cuda:{index}: {WhyNone()}");
#endif

    /// <summary>Where cuBLAS was found; null where nobody could use it, or where it is missing.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static string? Cublas() =>
#if GPU
        CudaBackend.FindCublas();
#else
        null;
#endif

    /// <summary>What `svp doctor` says of the GPUs: a line of reason, or a device each.</summary>
    public static JsonNode Report()
    {
        if (WhyNone() is { } reason)
            return reason;
        try
        {
            return Devices();
        }
        catch (VisionMambaException e)
        {
            return e.Message;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static JsonArray Devices()
    {
        var devices = new JsonArray();
#if GPU
        foreach (CudaDeviceInfo device in CudaDeviceInfo.All())
        {
            devices.Add((JsonNode)new JsonObject
            {
                ["device"] = $"cuda:{device.Index}",
                ["name"] = device.Name,
                ["architecture"] = device.Architecture,
                ["memory_bytes"] = device.MemoryBytes,
                ["driver_cuda_version"] = device.Driver,
                ["usable"] = device.Problem is null,
                ["problem"] = device.Problem,
            });
        }
#endif
        return devices;
    }
}

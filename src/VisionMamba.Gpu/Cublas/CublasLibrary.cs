using System.Runtime.InteropServices;

namespace VisionMamba.Gpu.Cublas;

/// <summary>
/// NVIDIA's cuBLAS, found at run time; names and numbers are those of its header cublas_api.h. SVP_CUBLAS is the path
/// of the library where it stands in no usual place.
/// </summary>
internal sealed unsafe class CublasLibrary
{
    /// <summary>The environment variable: a path, or "off" for the slow products of this program.</summary>
    public const string Variable = "SVP_CUBLAS";

    /// <summary>The value of <see cref="Variable"/> that asks for no library.</summary>
    public const string Off = "off";

    private CublasLibrary(string file, IntPtr library)
    {
        File = file;
        Create = (delegate* unmanaged<IntPtr*, int>)NativeLibrary.GetExport(library, "cublasCreate_v2");
        Destroy = (delegate* unmanaged<IntPtr, int>)NativeLibrary.GetExport(library, "cublasDestroy_v2");
        SetStream = (delegate* unmanaged<IntPtr, IntPtr, int>)NativeLibrary.GetExport(library, "cublasSetStream_v2");
        SetPointerMode = (delegate* unmanaged<IntPtr, int, int>)
            NativeLibrary.GetExport(library, "cublasSetPointerMode_v2");
        GetVersion = (delegate* unmanaged<IntPtr, int*, int>)NativeLibrary.GetExport(library, "cublasGetVersion_v2");
        GemmEx = (delegate* unmanaged<
            IntPtr, int, int, int, int, int, float*, IntPtr, int, int, IntPtr, int, int, float*, IntPtr, int, int, int,
            int, int>)NativeLibrary.GetExport(library, "cublasGemmEx");
    }

    /// <summary>Where it was found.</summary>
    public string File { get; }

    public delegate* unmanaged<IntPtr*, int> Create { get; }

    public delegate* unmanaged<IntPtr, int> Destroy { get; }

    public delegate* unmanaged<IntPtr, IntPtr, int> SetStream { get; }

    public delegate* unmanaged<IntPtr, int, int> SetPointerMode { get; }

    public delegate* unmanaged<IntPtr, int*, int> GetVersion { get; }

    /// <summary>
    /// handle, op a, op b, m, n, k, alpha, A, type, lda, B, type, ldb, beta, C, type, ldc, compute type, algorithm.
    /// </summary>
    public delegate* unmanaged<
        IntPtr, int, int, int, int, int, float*, IntPtr, int, int, IntPtr, int, int, float*, IntPtr, int, int, int, int,
        int> GemmEx
    { get; }

    private static IEnumerable<string> Names => OperatingSystem.IsWindows()
        ? ((int[])[13, 12, 11]).Select(version => $"cublas64_{version}.dll")
        : ["libcublas.so.13", "libcublas.so.12", "libcublas.so.11", "libcublas.so"];

    /// <summary>Loads it.</summary>
    /// <exception cref="VisionMambaException">
    /// It is not there, or is no cuBLAS: the message says what to do.
    /// </exception>
    public static CublasLibrary Load(string? path)
    {
        foreach (string name in path is null ? Names : [path])
        {
            if (!NativeLibrary.TryLoad(name, out IntPtr library))
                continue;
            try
            {
                return new CublasLibrary(name, library);
            }
            catch (EntryPointNotFoundException e)
            {
                throw new VisionMambaException($"{name}: is no cuBLAS ({e.Message}); set {Variable} to another", e);
            }
        }

        throw new VisionMambaException(path is null
            ? $"--device cuda: cuBLAS was not found ({string.Join(", ", Names)}); install CUDA's libcublas, name the "
                + $"file in {Variable}, or set {Variable}={Off} for slow products without it"
            : $"{Variable}={path}: cannot be loaded; name cuBLAS' file, whose folder must hold its cublasLt too");
    }

    /// <summary>Where it is, or null; for `svp doctor`.</summary>
    public static string? Find()
    {
        try
        {
            return Load(Environment.GetEnvironmentVariable(Variable)).File;
        }
        catch (VisionMambaException)
        {
            return null;
        }
    }
}

using ILGPU;
using ILGPU.Runtime.Cuda;

namespace VisionMamba.Gpu;

/// <summary>A CUDA device of this machine.</summary>
/// <param name="Index">Its number, as in cuda:0.</param>
/// <param name="Name">What its maker calls it.</param>
/// <param name="Architecture">sm_80 and the like.</param>
/// <param name="MemoryBytes">All of its memory.</param>
/// <param name="Driver">The CUDA version that the driver offers.</param>
/// <param name="Problem">Why it cannot be used; null when it can.</param>
public sealed record CudaDeviceInfo(
    int Index, string Name, string Architecture, long MemoryBytes, string Driver, string? Problem)
{
    /// <summary>The devices of this machine; the driver must be installed.</summary>
    /// <exception cref="VisionMambaException">The driver does not answer.</exception>
    public static IReadOnlyList<CudaDeviceInfo> All()
    {
        using Context context = OpenContext();
        return [.. Devices(context).Select((device, index) => Of(index, device))];
    }

    /// <summary>All devices, those that cannot be used included: they are to be named.</summary>
    internal static Context OpenContext()
    {
        try
        {
            return Context.Create(
                builder => builder.Cuda(_ => true).Optimize(OptimizationLevel.O2).AddDeviceInstructions());
        }
        catch (Exception e) when (e is CudaException or NotSupportedException or TypeInitializationException)
        {
            throw new VisionMambaException(
                $"--device cuda: the CUDA driver does not answer ({e.Message}); see whether nvidia-smi works", e);
        }
    }

    internal static IReadOnlyList<CudaDevice> Devices(Context context) => [.. context.GetCudaDevices()];

    internal static CudaDeviceInfo Of(int index, CudaDevice device) => new(
        index, device.Name, Sm(device.Architecture), device.MemorySize, device.DriverVersion.ToString(),
        ProblemOf(device));

    private static string? ProblemOf(CudaDevice device)
    {
        if (device.Architecture is not { } architecture)
            return "its architecture is unknown";
        if (architecture.Major < 7)
            return $"{Sm(architecture)} is too old; 7.0 (Volta) is the least that is tested to compile";
        return device.InstructionSet is null
            ? $"driver {device.DriverVersion} is too old for {Sm(architecture)}; install a newer one"
            : null;
    }

    private static string Sm(CudaArchitecture? architecture) =>
        architecture is { } known ? $"sm_{known.Major}{known.Minor}" : "unknown";
}

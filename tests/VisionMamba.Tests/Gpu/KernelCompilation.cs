using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using VisionMamba.Gpu;
using VisionMamba.Gpu.Kernels;

namespace VisionMamba.Tests.Gpu;

/// <summary>Compiles kernels for CUDA without a device.</summary>
internal static class KernelCompilation
{
    private static readonly Context s_context = Context.Create(
        b => b.Optimize(OptimizationLevel.O2).AddDeviceInstructions());

    public static PtxText Compile(KernelEntry kernel, CudaArchitecture architecture)
    {
        using var backend = new PTXBackend(
            s_context, new CudaCapabilityContext(architecture), architecture, CudaInstructionSet.ISA_78, null);
        CompiledKernel compiled = backend.Compile(
            EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Method),
            new KernelSpecialization(kernel.GroupSize, ResidentGroupsAttribute.Of(kernel.Method)));
        return new PtxText(((PTXCompiledKernel)compiled).PTXAssembly);
    }
}

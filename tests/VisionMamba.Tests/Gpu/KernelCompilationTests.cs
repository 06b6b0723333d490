using ILGPU.Runtime.Cuda;
using VisionMamba.Gpu;

namespace VisionMamba.Tests.Gpu;

/// <summary>Every kernel as PTX, without a device: it compiles, and its states and windows are registers.</summary>
public sealed class KernelCompilationTests
{
    /// <summary>What a group may have without asking the driver for more.</summary>
    private const int MostShared = 48 * 1024;

    /// <summary>
    /// A thread may have 255 registers. The assembler gets by with fewer than stand in the text at once: it makes 235
    /// of 271 and spills none (bench/gpu/assemble).
    /// </summary>
    private const int MostAlive = 280;

    /// <summary>The least that is accepted, the least with TF32 and bf16, what is between them, and the newest known to
    /// ILGPU 1.5, which names no target above sm_80: the driver compiles that for the device it has.</summary>
    private static readonly (CudaArchitecture Architecture, string Target)[] s_architectures =
    [
        (CudaArchitecture.SM_70, "sm_70"), (CudaArchitecture.SM_75, "sm_75"), (CudaArchitecture.SM_80, "sm_80"),
        (CudaArchitecture.SM_90, "sm_80"),
    ];

    public static IEnumerable<TheoryDataRow<string>> Names =>
        KernelCatalog.All.Select(k => new TheoryDataRow<string>(k.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void CompilesWithoutLocalMemory(string name)
    {
        KernelEntry kernel = KernelCatalog.All.Single(k => k.Name == name);
        foreach ((CudaArchitecture architecture, string target) in s_architectures)
        {
            PtxText text = KernelCompilation.Compile(kernel, architecture);
            Keep(name, target, text);
            Assert.Contains($".target {target}", text.Text);
            Assert.Contains($".maxntid {kernel.GroupSize}, 1, 1", text.Text);
            Assert.False(text.UsesLocalMemory, $"{name} keeps values in local memory");
            Assert.Equal(0, text.Count("call"));
            Assert.Equal(0, text.Count("atom"));
            Assert.InRange(text.SharedBytes, 0, MostShared);
            int live = text.LiveRegisters();
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{name} {architecture}: {live} live, {text.SharedBytes} shared");
            Assert.InRange(live, 1, MostAlive);
        }
    }

    /// <summary>Leaves the PTX for an assembler (bench/gpu/assemble) where VISIONMAMBA_PTX names a folder.</summary>
    private static void Keep(string name, string target, PtxText text)
    {
        if (Environment.GetEnvironmentVariable("VISIONMAMBA_PTX") is { Length: > 0 } folder)
            File.WriteAllText(Path.Combine(folder, $"{name.Replace(' ', '_')}.{target}.ptx"), text.Text);
    }

    /// <summary>B and C move 16 bytes at a time: 4 + 4 loads for 16 states, unrolled 4 times.</summary>
    [Fact]
    public void TheScanReadsSharedMemoryInWholeVectors()
    {
        PtxText text = KernelCompilation.Compile(
            KernelCatalog.All.Single(k => k.Name == "scan forward 16"), CudaArchitecture.SM_80);
        Assert.Equal(text.Count("ld.shared"), text.Count("ld.shared.v4"));
        Assert.Equal(32, text.Count("ld.shared.v4"));
    }
}

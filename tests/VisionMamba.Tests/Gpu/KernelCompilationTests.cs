using ILGPU.Runtime.Cuda;
using VisionMamba.Gpu;

namespace VisionMamba.Tests.Gpu;

/// <summary>Every kernel as PTX, without a device: it compiles, and its states and windows are registers.</summary>
public sealed class KernelCompilationTests
{
    /// <summary>What a group may have without asking the driver for more.</summary>
    private const int MostShared = 48 * 1024;

    /// <summary>
    /// A thread may have 255 registers. The assembler gets by with fewer than stand in the text at once: it makes 168 of
    /// 230 and spills 32 bytes (bench/gpu/assemble).
    /// </summary>
    private const int MostAlive = 260;

    public static IEnumerable<TheoryDataRow<string>> Names =>
        KernelCatalog.All.Select(k => new TheoryDataRow<string>(k.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void CompilesWithoutLocalMemory(string name)
    {
        KernelEntry kernel = KernelCatalog.All.Single(k => k.Name == name);
        foreach (CudaArchitecture architecture in (CudaArchitecture[])[CudaArchitecture.SM_80, CudaArchitecture.SM_90])
        {
            PtxText text = KernelCompilation.Compile(kernel, architecture);
            Keep(name, text);
            // ILGPU 1.5 names no target above sm_80; the driver compiles that for the device it has.
            Assert.Contains(".target sm_80", text.Text);
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
    private static void Keep(string name, PtxText text)
    {
        if (Environment.GetEnvironmentVariable("VISIONMAMBA_PTX") is { Length: > 0 } folder)
            File.WriteAllText(Path.Combine(folder, name.Replace(' ', '_') + ".ptx"), text.Text);
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

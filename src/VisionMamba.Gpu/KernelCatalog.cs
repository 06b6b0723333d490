using System.Reflection;
using VisionMamba.Gpu.Kernels;
using VisionMamba.Tensors;

namespace VisionMamba.Gpu;

/// <summary>One kernel as it is compiled: its method with all type arguments, and the threads of a group.</summary>
internal sealed record KernelEntry(string Name, MethodInfo Method, int GroupSize);

/// <summary>All kernels of the fused operations, so that each can be compiled without a device.</summary>
internal static class KernelCatalog
{
    /// <summary>Every kernel with the type arguments that are in use.</summary>
    public static IReadOnlyList<KernelEntry> All { get; } =
        [
            .. Scan(), .. Convolution(), .. Norm(), .. Prompt(), .. Sums(), .. Updates(),
            .. Entries("element", typeof(ElementKernels), ElementKernels.GroupSize),
            .. Entries("block", typeof(BlockKernels), ElementKernels.GroupSize),
            .. Entries("tokens", typeof(TokenKernels), ElementKernels.GroupSize),
            .. Entries("image", typeof(ImageKernels), ElementKernels.GroupSize),
            .. Entries("matrix", typeof(MatrixKernels), MatrixKernels.GroupSize),
            .. Entries("matrix input", typeof(GemmInputKernels), ElementKernels.GroupSize),
            .. Entries("fp16 scale", typeof(Fp16ScaleKernels), GroupReduction.GroupSize),
            .. Entries("kept", typeof(PackKernels), PackKernels.GroupSize),
            .. Entries("loss", typeof(LossKernels), LossKernels.GroupSize),
            .. Entries("reduction", typeof(ReductionKernels), GroupReduction.GroupSize),
        ];

    private static IEnumerable<KernelEntry> Scan()
    {
        const int Size = ScanForwardKernels.GroupSize, BackSize = ScanBackwardKernels.GroupSize;
        Type[] forward = [typeof(ScanQuad), typeof(ScanPair<ScanQuad>), typeof(ScanPair<ScanPair<ScanQuad>>)];
        for (int i = 0; i < forward.Length; i++)
            yield return Entry($"scan forward {4 << i}", typeof(ScanForwardKernels), "Run", Size, forward[i]);
        foreach ((string name, Type which) in new[] { (" usual", typeof(UsualScan)), ("", typeof(AnyScan)) })
        {
            Type back = typeof(ScanBackwardKernels);
            yield return Entry($"scan backward{name}", back, "Run", BackSize, typeof(Unwanted), which);
            yield return Entry($"scan backward{name} weights", back, "Run", BackSize, typeof(Wanted), which);
        }

        yield return Entry("scan B C sums", typeof(ScanSumKernels), "AddBc", ScanSumKernels.GroupSize);
    }

    private static IEnumerable<KernelEntry> Convolution()
    {
        const int Size = CausalConvSiluKernels.GroupSize;
        Type[] taps = [typeof(ConvQuad), typeof(ConvPair<ConvQuad>), typeof(ConvPair<ConvPair<ConvQuad>>)];
        for (int i = 0; i < taps.Length; i++)
        {
            Type kernels = typeof(CausalConvSiluKernels);
            yield return Entry($"convolution forward {4 << i}", kernels, "Forward", Size, taps[i]);
            yield return Entry($"convolution backward {4 << i}", kernels, "Backward", Size, taps[i]);
        }
    }

    private static IEnumerable<KernelEntry> Norm() => ((string[])["Forward", "Backward", "WeightParts"])
        .Select(n => Entry($"norm {n}", typeof(AddNormKernels), n, AddNormKernels.GroupSize));

    private static IEnumerable<KernelEntry> Prompt() => ((string[])["Forward", "Backward"])
        .Select(n => Entry($"prompt {n}", typeof(SelectivePromptKernels), n, SelectivePromptKernels.GroupSize));

    private static IEnumerable<KernelEntry> Sums() =>
        [Entry("line sums", typeof(SumKernels), "AddLines", SumKernels.GroupSize)];

    private static IEnumerable<KernelEntry> Updates() =>
        ((Type[])
        [
            typeof(AdamRule), typeof(SgdRule), typeof(LionRule), typeof(NAdamRule), typeof(RAdamRule),
            typeof(AdaBeliefRule), typeof(RmsPropRule), typeof(LambRule), typeof(DescentRule), typeof(AverageRule),
        ]).Select(r => Entry($"update {r.Name}", typeof(UpdateKernels), "Run", UpdateKernels.GroupSize, r));

    /// <summary>All kernels of a class: its methods that return nothing and take structs.</summary>
    private static IEnumerable<KernelEntry> Entries(string name, Type type, int groupSize) => type
        .GetMethods(BindingFlags.Static | BindingFlags.Public).Where(m => m.ReturnType == typeof(void))
        .Select(m => new KernelEntry($"{name} {m.Name}", m, groupSize));

    private static KernelEntry Entry(string name, Type type, string method, int groupSize, params Type[] arguments)
    {
        MethodInfo found = type.GetMethod(method, BindingFlags.Static | BindingFlags.Public)
            ?? throw new InvalidOperationException($"{type.Name} has no kernel {method}");
        return new KernelEntry(name, arguments.Length == 0 ? found : found.MakeGenericMethod(arguments), groupSize);
    }
}

using System.Reflection;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using VisionMamba.Gpu.Kernels;

namespace VisionMamba.Gpu;

/// <summary>
/// Functions of kernels that are one instruction of the device, where ILGPU has none or a slower one: its
/// ex2.approx.f32 without .ftz becomes four instructions, three of them for results below 2^-126, and its division ten
/// and a branch.
/// </summary>
internal static class DeviceInstructions
{
    /// <summary>Makes them known to the compiler of a context; in emulation the methods' own bodies run.</summary>
    public static Context.Builder AddDeviceInstructions(this Context.Builder builder)
    {
        IntrinsicImplementationManager manager = builder.GetIntrinsicManager();
        Add(manager, nameof(DeviceMath.Exp2), nameof(Exp2));
        Add(manager, nameof(DeviceMath.Reciprocal), nameof(Reciprocal));
        return builder;
    }

    private static void Add(IntrinsicImplementationManager manager, string method, string generator)
    {
        MethodInfo Find(Type type, string name) => type.GetMethod(
            name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!;
        manager.RegisterMethod(
            Find(typeof(DeviceMath), method),
            new PTXIntrinsic(Find(typeof(DeviceInstructions), generator), IntrinsicImplementationMode.GenerateCode));
    }

    private static void Exp2(PTXBackend backend, PTXCodeGenerator generator, Value value) =>
        Emit(generator, value, "ex2.approx.ftz.f32");

    private static void Reciprocal(PTXBackend backend, PTXCodeGenerator generator, Value value) =>
        Emit(generator, value, "rcp.approx.ftz.f32");

    /// <summary>An instruction with one operand.</summary>
    private static void Emit(PTXCodeGenerator generator, Value value, string instruction)
    {
        var operand = generator.LoadPrimitive(value[0]);
        var result = generator.AllocateHardware(value);
        using var command = generator.BeginCommand(instruction);
        command.AppendArgument(result);
        command.AppendArgument(operand);
    }
}

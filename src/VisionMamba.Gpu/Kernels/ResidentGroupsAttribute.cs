using System.Reflection;

namespace VisionMamba.Gpu.Kernels;

/// <summary>
/// How many groups of a kernel a multiprocessor of an A100 or H100 should hold at a time, on the kernel or on the types
/// that it is made for, of which the least counts: the assembler gives a thread so few registers. Without it, a thread
/// gets as many as it finds use for.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Struct)]
internal sealed class ResidentGroupsAttribute(int count) : Attribute
{
    public int Count { get; } = count;

    /// <summary>What a kernel asks for; null where it does not.</summary>
    public static int? Of(MethodInfo kernel) => ((MemberInfo[])[kernel, .. kernel.GetGenericArguments()])
        .Select(m => m.GetCustomAttribute<ResidentGroupsAttribute>()).Min(a => a?.Count);
}

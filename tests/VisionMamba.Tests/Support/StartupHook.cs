using VisionMamba.Tests.Support;

/// <summary>
/// What a process that is started with DOTNET_STARTUP_HOOKS does before its Main. The runtime looks for this type in
/// the assemblies that the variable names, outside of all namespaces.
/// </summary>
internal static class StartupHook
{
    public static void Initialize() => Moment.Await();
}

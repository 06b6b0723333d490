using VisionMamba.Tensors.Files;

namespace VisionMamba.Cli.Runs;

/// <summary>Keeps a second process out of a run's folder.</summary>
internal sealed class RunLock : IDisposable
{
    private readonly FileStream _file;

    private RunLock(FileStream file) => _file = file;

    /// <summary>
    /// Takes <paramref name="folder"/>, made where it is missing, and removes what a killed process left half written.
    /// </summary>
    /// <exception cref="VisionMambaException">Another process is working there, or it cannot be written.</exception>
    public static RunLock Take(string folder)
    {
        try
        {
            FileStream file = FileLock.TryTake(Path.Combine(folder, ".lock")) ?? throw new VisionMambaException(
                $"--output {folder}: another svp is working there; wait for it, or give another folder");
            AtomicFile.Sweep(folder);
            return new RunLock(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VisionMambaException(
                $"--output {folder}: cannot be written ({e.Message}); make it writable, or give another folder", e);
        }
    }

    public void Dispose() => _file.Dispose();
}

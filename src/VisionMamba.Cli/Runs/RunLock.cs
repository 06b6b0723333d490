using VisionMamba.Tensors.Files;

namespace VisionMamba.Cli.Runs;

/// <summary>
/// Keeps a second process out of a run's folder. The system lets go of it when the process ends, however it ends; the
/// empty file stays: were it deleted, one process could hold the deleted file while another holds its successor.
/// </summary>
internal sealed class RunLock : IDisposable
{
    private readonly FileStream _file;

    private RunLock(FileStream file) => _file = file;

    /// <summary>Takes <paramref name="folder"/>, made where it is missing, and removes what a killed process left
    /// half written.</summary>
    /// <exception cref="VisionMambaException">Another process is working there.</exception>
    public static RunLock Take(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var file = new FileStream(
                Path.Combine(folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
            AtomicFile.Sweep(folder);
            return new RunLock(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VisionMambaException(
                $"--output {folder}: cannot be written, or another svp is working there; wait for it or give another "
                + $"folder ({e.Message})", e);
        }
    }

    public void Dispose() => _file.Dispose();
}

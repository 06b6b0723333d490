namespace VisionMamba.Cli.Runs;

/// <summary>
/// A file that one process at a time has. The system lets go of it when the process ends, however it ends; the empty
/// file stays: were it deleted, one process could hold the deleted file while another holds its successor.
/// </summary>
internal static class FileLock
{
    /// <summary>The file, made where it is missing with its folder; null where another process has it.</summary>
    /// <exception cref="IOException">It cannot be made: waiting would not help.</exception>
    /// <exception cref="UnauthorizedAccessException">Nor here.</exception>
    public static FileStream? TryTake(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (IOException e) when (IsTaken(e))
        {
            return null;
        }
    }

    private static bool IsTaken(IOException e) => e.HResult == (
        OperatingSystem.IsWindows() ? unchecked((int)0x80070020) // ERROR_SHARING_VIOLATION
        : OperatingSystem.IsMacOS() ? 35 : 11); // EWOULDBLOCK of flock, which .NET puts there as it is
}

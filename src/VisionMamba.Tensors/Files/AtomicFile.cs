using System.Text;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// Writes a file whole or not at all: into a temporary file in the same folder, flushed to disk, then renamed over
/// the target. A reader sees the old contents or the new ones, also after a crash in the middle.
/// </summary>
public static class AtomicFile
{
    /// <summary>
    /// For tests alone, which end the process here: called with a file's path when its contents are handed over, but
    /// neither flushed nor in place (false), and when they are in place (true). Null otherwise.
    /// </summary>
    internal static Action<string, bool>? Moment { get; set; }

    /// <summary>
    /// Writes <paramref name="path"/> with what <paramref name="write"/> puts into the stream (it can seek). The folder
    /// is created where it is missing. Where <paramref name="write"/> throws, nothing is left behind.
    /// </summary>
    /// <exception cref="VisionMambaException">The file cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string full = Path.GetFullPath(path), folder = Path.GetDirectoryName(full) ?? full;
        string temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Path.GetRandomFileName()}.tmp");
        var faults = new FileFaults(path);
        if (Directory.Exists(full))
            throw faults.Refused("cannot be written, it is a folder", "give the name of a file");
        try
        {
            Directory.CreateDirectory(folder);
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite))
            {
                write(stream);
                Moment?.Invoke(full, false);
                stream.Flush(flushToDisk: true);
            }

            Replace(temporary, full);
            Moment?.Invoke(full, true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw faults.Refused($"cannot be written ({e.Message})", "check the folder, permissions and free space");
        }
        finally
        {
            Remove(temporary);
        }
    }

    /// <summary>Writes <paramref name="text"/> as UTF-8 without a byte order mark.</summary>
    /// <exception cref="VisionMambaException">The file cannot be written.</exception>
    public static void WriteText(string path, string text) =>
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>
    /// Removes the temporary files that a killed process left in <paramref name="folder"/>, of all files or of the one
    /// named; nobody else may be writing those.
    /// </summary>
    public static void Sweep(string folder, string file = "*")
    {
        if (!Directory.Exists(folder))
            return;
        foreach (string temporary in Directory.EnumerateFiles(folder, $".{file}.*.tmp"))
            Remove(temporary);
    }

    /// <summary>
    /// Windows does not replace a file that another program has open, as one that answers from a checkpoint: it is
    /// given two seconds to finish.
    /// </summary>
    private static void Replace(string temporary, string full)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                File.Move(temporary, full, overwrite: true);
                return;
            }
            catch (Exception e) when (OperatingSystem.IsWindows() && attempt < 20 && File.Exists(full)
                && e is IOException or UnauthorizedAccessException)
            {
                Thread.Sleep(100);
            }
        }
    }

    private static void Remove(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder is gone or locked; the error that led here is the one to report.
        }
    }
}

namespace VisionMamba.Tests.Data;

/// <summary>A folder that is gone when the test is over.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("visionmamba-").FullName;

    public string At(string relative) => System.IO.Path.Combine(Path, relative);

    /// <summary>Writes empty files (or the given text), making their folders.</summary>
    public void Touch(params string[] files)
    {
        foreach (string file in files)
            Write(file, "");
    }

    public void Write(string file, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(At(file))!);
        File.WriteAllText(At(file), text);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

namespace VisionMamba.Tests.Files;

/// <summary>A folder that goes away with the test, and the folders of fixtures and reference cases.</summary>
internal sealed class TestFolder : IDisposable
{
    public TestFolder() => Directory.CreateDirectory(Root);

    public string Root { get; } = Path.Combine(Path.GetTempPath(), $"svp-files-{Guid.NewGuid():N}");

    public string this[string name] => Path.Combine(Root, name);

    public string Put(byte[] bytes, string name = "case.bin")
    {
        File.WriteAllBytes(this[name], bytes);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    /// <summary>tests/fixtures/files of the repository this was built from.</summary>
    public static string Fixture(string name) =>
        FindAbove(Path.Combine("tests", "fixtures", "files", name)) ?? throw new FileNotFoundException(name);

    /// <summary>The folder of reference checkpoints, or null.</summary>
    public static string? ReferenceModels()
    {
        string? given = Environment.GetEnvironmentVariable("VISIONMAMBA_REFERENCE");
        string? root = string.IsNullOrEmpty(given) ? FindAbove(Path.Combine("shared", "reference")) : given;
        string? models = root == null ? null : Path.Combine(root, "model");
        return Directory.Exists(models) ? models : null;
    }

    private static string? FindAbove(string relative)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder != null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, relative);
            if (Path.Exists(candidate))
                return candidate;
        }

        return null;
    }
}

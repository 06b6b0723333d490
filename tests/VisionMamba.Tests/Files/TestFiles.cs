using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Files;

/// <summary>A folder that goes away with the test, and the folder of fixtures.</summary>
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
    public static string Fixture(string name) => Path.Combine(ReferenceData.Fixtures, "files", name);
}

namespace VisionMamba.Tests.Support;

/// <summary>
/// Where the recorded cases of the published implementation are: VISIONMAMBA_REFERENCE, else shared/reference beside
/// the repository, else the small set in tests/fixtures.
/// </summary>
public static class ReferenceData
{
    /// <summary>The folder that holds model/ and preprocess/.</summary>
    public static string Root { get; } = Find();

    public static string Fixtures { get; } = Path.Combine(AboveBase("tests/fixtures")!, "tests", "fixtures");

    private static string Find()
    {
        string? given = Environment.GetEnvironmentVariable("VISIONMAMBA_REFERENCE");
        if (!string.IsNullOrEmpty(given))
            return given;
        string? beside = AboveBase("shared/reference");
        return beside is not null ? Path.Combine(beside, "shared", "reference")
            : Path.Combine(AboveBase("tests/fixtures")!, "tests", "fixtures");
    }

    private static string? AboveBase(string relative)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (Directory.Exists(Path.Combine(at.FullName, relative)))
                return at.FullName;
        }

        return null;
    }
}

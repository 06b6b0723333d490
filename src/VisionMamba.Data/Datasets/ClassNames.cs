namespace VisionMamba.Data.Datasets;

/// <summary>Names of classes that the data sets publish elsewhere than in their folders and lists, by label.</summary>
internal static class ClassNames
{
    public static IReadOnlyList<string> Flowers { get; } = Read("flowers");

    public static IReadOnlyList<string> Cars { get; } = Read("cars");

    public static IReadOnlyList<string> Gtsrb { get; } = Read("gtsrb");

    private static string[] Read(string name)
    {
        using Stream stream = typeof(ClassNames).Assembly.GetManifestResourceStream($"classes.{name}.txt")
            ?? throw new InvalidOperationException($"the assembly lacks the resource classes.{name}.txt");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

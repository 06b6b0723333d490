using System.Text.Json;

namespace VisionMamba.Data.Datasets;

/// <summary>Finds and reads the small files that describe a data set; every fault is one line with the file.</summary>
internal static class DatasetFiles
{
    /// <summary>
    /// The first of <paramref name="places"/> (folders below <paramref name="dir"/>, "" for itself) that has one of
    /// <paramref name="marks"/>.
    /// </summary>
    public static string Root(string dir, string dataSet, IReadOnlyList<string> places, params string[] marks)
    {
        if (!Directory.Exists(dir))
            throw new VisionMambaException($"{dir}: no such folder; give the folder that holds the data set {dataSet}");
        foreach (string place in places)
        {
            string root = Path.Combine(dir, place);
            if (marks.Any(mark => Path.Exists(Path.Combine(root, mark))))
                return root;
        }

        string looked = string.Join(", ", places.Select(place => Path.Combine(place, marks[0])));
        throw new VisionMambaException($"{dir}: holds no data set {dataSet} (looked for {looked}); "
            + $"'svp data check --data-set {dataSet} --data DIR' shows which file goes where");
    }

    /// <summary>The lines that are not blank, trimmed, with their numbers from 1.</summary>
    public static IEnumerable<(int Number, string Text)> Lines(string path)
    {
        string[] lines = Guard(path, () => File.ReadAllLines(path));
        for (int i = 0; i < lines.Length; i++)
            if (!string.IsNullOrWhiteSpace(lines[i]))
                yield return (i + 1, lines[i].Trim());
    }

    /// <summary>The JSON document; the caller disposes it.</summary>
    public static JsonDocument Json(string path)
    {
        try
        {
            return Guard(path, () =>
            {
                using FileStream file = File.OpenRead(path);
                return JsonDocument.Parse(file);
            });
        }
        catch (JsonException e)
        {
            throw new VisionMambaException(
                $"{path}: is not valid JSON (line {e.LineNumber + 1}); download it again", e);
        }
    }

    /// <summary>The whole file.</summary>
    public static byte[] Bytes(string path) => Guard(path, () => File.ReadAllBytes(path));

    /// <summary>Refuses a list of files of which some are not there.</summary>
    public static void RequireImages(string index, IReadOnlyCollection<Sample> samples, DatasetOptions options)
    {
        if (samples.Count == 0)
            throw new VisionMambaException($"{index}: lists no images; download it again");
        if (options.AllowMissing)
            return;
        int missing = 0;
        string first = "";
        foreach (Sample sample in samples)
            if (!File.Exists(sample.Path) && missing++ == 0)
                first = sample.Path;
        if (missing > 0)
            throw new VisionMambaException(
                $"{index}: {missing} of {samples.Count} image files are missing, the first is "
                + $"{first}; unpack the images there");
    }

    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new VisionMambaException($"{path}: no such file; put it there", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VisionMambaException($"{path}: cannot be read: {e.Message}", e);
        }
    }
}

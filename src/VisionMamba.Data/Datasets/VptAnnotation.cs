using System.Text.Json;

namespace VisionMamba.Data.Datasets;

/// <summary>One file of {image path: class id}, in the file's order.</summary>
internal sealed class VptAnnotation
{
    private static readonly string[] ImageFolders = ["images", "Images", ""];
    private readonly string _path;

    private VptAnnotation(string path, List<(string Image, VptClassId Id)> items)
    {
        _path = path;
        Items = items;
    }

    public List<(string Image, VptClassId Id)> Items { get; }

    public static VptAnnotation Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            using var document = JsonDocument.Parse(file);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new VisionMambaException($"{path}: is not a JSON object; write {{image path: class id}}");
            var items = new Dictionary<string, VptClassId>();
            foreach (JsonProperty item in document.RootElement.EnumerateObject())
            {
                VptClassId id = VptClassId.From(item.Value, path, item.Name);
                if (!items.TryAdd(item.Name, id) && !items[item.Name].Equals(id))
                {
                    throw new VisionMambaException(
                        $"{path}: lists \"{item.Name}\" twice, with the class ids {items[item.Name]} and {id}; "
                        + "keep one");
                }
            }

            if (items.Count == 0)
                throw new VisionMambaException($"{path}: lists no images");
            return new VptAnnotation(path, items.Select(item => (item.Key, item.Value)).ToList());
        }
        catch (JsonException e)
        {
            throw new VisionMambaException($"{path}: is not valid JSON (line {e.LineNumber + 1}); correct it", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VisionMambaException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    public IReadOnlyList<VptClassId> SortedIds()
    {
        VptClassId[] ids = Items.Select(item => item.Id).Distinct().ToArray();
        if (ids.Any(id => id.Text is null) && ids.Any(id => id.Text is not null))
            throw new VisionMambaException($"{_path}: class ids are partly numbers, partly texts; use one kind");
        return [.. ids.OrderBy(id => id.Number).ThenBy(id => id.Text ?? "", CodePointOrder.Instance)];
    }

    /// <summary>
    /// The labelled files, which must exist unless <paramref name="allowMissing"/>; those that do not are said to
    /// belong into <paramref name="imageFolder"/>.
    /// </summary>
    public List<Sample> Samples(
        string dir, IReadOnlyDictionary<VptClassId, int> labels, string imageFolder, bool allowMissing)
    {
        var samples = new List<Sample>(Items.Count);
        int missing = 0;
        string first = "";
        foreach ((string image, VptClassId id) in Items)
        {
            if (!labels.TryGetValue(id, out int label))
                throw new VisionMambaException($"{_path}: the class id {id} of \"{image}\" is not in train.json");
            string? file = Locate(dir, image);
            if (file is null && missing++ == 0)
                first = Path.Combine(dir, imageFolder, image);
            samples.Add(new Sample(file ?? Path.Combine(dir, imageFolder, image), label));
        }

        if (missing > 0 && !allowMissing)
            throw new VisionMambaException($"{_path}: {missing} of {samples.Count} image files are missing, the first "
                + $"is {first} (looked for in {dir} and its images/); unpack the images there");
        return samples;
    }

    // Stanford's own archive of dogs has Images/.
    private static string? Locate(string dir, string image) =>
        ImageFolders.Select(folder => Path.Combine(dir, folder, image)).FirstOrDefault(File.Exists);
}

using System.Text.Json;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// Food-101: meta/train.json and test.json ({class: ["class/id"]}), else train.txt and test.txt ("class/id" lines);
/// images/class/id.jpg. Classes in code-point order; there is no validation part.
/// </summary>
internal static class FoodDatasets
{
    public static DatasetParts Read(string dir, DatasetOptions options)
    {
        options.Check();
        string root = DatasetFiles.Root(
            dir, "FOOD", ["food-101", "FOOD/food-101", ""], "meta/train.json", "meta/train.txt");
        (string trainFile, List<(string Class, string Image)> train) = ReadList(root, "train");
        (string testFile, List<(string Class, string Image)> test) = ReadList(root, "test");
        string[] classes = train.Select(item => item.Class).Distinct().Order(CodePointOrder.Instance).ToArray();
        var labels = classes.Select((name, i) => (name, i)).ToDictionary(pair => pair.name, pair => pair.i);
        return new DatasetParts("FOOD", classes, ToPart(trainFile, train)) { Test = ToPart(testFile, test) }
            .Limited(options);

        DatasetPart ToPart(string path, List<(string Class, string Image)> items)
        {
            var samples = new List<Sample>(items.Count);
            foreach ((string name, string image) in items)
                samples.Add(new Sample(
                    Path.Combine(root, "images", image + ".jpg"), labels.TryGetValue(name, out int label)
                        ? label : throw new VisionMambaException($"{path}: {image} is of no class of {trainFile}")));
            DatasetFiles.RequireImages(path, samples, options);
            return new DatasetPart(Path.GetFileName(path), samples);
        }
    }

    private static (string File, List<(string Class, string Image)> Items) ReadList(string root, string part)
    {
        string json = Path.Combine(root, "meta", part + ".json"), text = Path.ChangeExtension(json, ".txt");
        return File.Exists(json) ? (json, FromJson(json)) : (text, FromText(text));
    }

    private static List<(string Class, string Image)> FromJson(string path)
    {
        using JsonDocument document = DatasetFiles.Json(path);
        var items = new List<(string, string)>();
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw Bad(path);
        foreach (JsonProperty entry in document.RootElement.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Array)
                throw Bad(path);
            foreach (JsonElement image in entry.Value.EnumerateArray())
                items.Add((entry.Name, image.ValueKind == JsonValueKind.String ? image.GetString()! : throw Bad(path)));
        }

        return items;
    }

    private static List<(string Class, string Image)> FromText(string path) => DatasetFiles.Lines(path)
        .Select(line => line.Text.Split('/') is [var name, _] ? (name, line.Text) : throw new VisionMambaException(
            $"{path}: line {line.Number} ({line.Text}) is not \"class/id\"; download it again"))
        .ToList();

    private static VisionMambaException Bad(string path) =>
        new($"{path}: is not {{class: [\"class/id\", ...]}}; download it again");
}

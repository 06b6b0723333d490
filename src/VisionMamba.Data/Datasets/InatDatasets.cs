using System.Text.Json;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// iNaturalist 2018 and 2019: train{year}.json and val{year}.json in COCO's form (images, annotations) and
/// categories.json. A class is one value of the chosen rank, numbered by first appearance among the training
/// annotations, as in DeiT and the released SVP code. val{year}.json is the validation part; there is no labelled test.
/// </summary>
internal static class InatDatasets
{
    public static DatasetParts Read(string name, int year, string dir, DatasetOptions options)
    {
        options.Check();
        string trainFile = $"train{year}.json", validationFile = $"val{year}.json";
        string root = DatasetFiles.Root(dir, name, ["", name, $"{year}", $"inat{year}"], trainFile);
        string category = options.InatCategory ?? "name";
        List<Item> train = ReadItems(root, trainFile), validation = ReadItems(root, validationFile);
        Dictionary<long, string> ranks = ReadCategories(root, trainFile, category);
        var labels = new Dictionary<string, int>();
        foreach (Item item in train)
            labels.TryAdd(Rank(item, trainFile), labels.Count);
        return new DatasetParts(
            name, [.. labels.OrderBy(pair => pair.Value).Select(pair => pair.Key)], ToPart(trainFile, train))
        {
            Validation = ToPart(validationFile, validation),
        }.Limited(options);

        string Rank(Item item, string file) => ranks.TryGetValue(item.Category, out string? rank)
            ? rank : throw new VisionMambaException($"{Path.Combine(root, file)}: {item.Path} has the category "
                + $"{item.Category}, which the list of categories lacks; download both again");

        DatasetPart ToPart(string file, List<Item> items)
        {
            List<Sample> samples = items.Select(item => new Sample(
                item.Path, labels.TryGetValue(Rank(item, file), out int label)
                    ? label : throw new VisionMambaException($"{Path.Combine(root, file)}: {item.Path} is of the class "
                        + $"\"{Rank(item, file)}\", which has no training image"))).ToList();
            DatasetFiles.RequireImages(Path.Combine(root, file), samples, options);
            return new DatasetPart(file, samples);
        }
    }

    /// <summary>In the order of the annotations.</summary>
    private static List<Item> ReadItems(string root, string file)
    {
        string path = Path.Combine(root, file);
        using JsonDocument document = DatasetFiles.Json(path);
        try
        {
            var images = new Dictionary<long, string>();
            foreach (JsonElement image in document.RootElement.GetProperty("images").EnumerateArray())
                images[image.GetProperty("id").GetInt64()] = image.GetProperty("file_name").GetString()!;
            var items = new List<Item>();
            foreach (JsonElement annotation in document.RootElement.GetProperty("annotations").EnumerateArray())
            {
                long id = annotation.GetProperty("image_id").GetInt64();
                if (!images.Remove(id, out string? image))
                    throw new VisionMambaException(
                        $"{path}: annotates the image {id} twice or without listing it; download it again");
                items.Add(new Item(Locate(root, image), annotation.GetProperty("category_id").GetInt64()));
            }

            return images.Count == 0 ? items : throw new VisionMambaException(
                $"{path}: {images.Count} images have no annotation, the first is {images.Values.First()}; "
                + "download it again");
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new VisionMambaException(
                $"{path}: is not an annotation file with images (id, file_name) and annotations "
                + "(image_id, category_id); download it again", e);
        }
    }

    /// <summary>From categories.json, else from the annotation file itself.</summary>
    private static Dictionary<long, string> ReadCategories(string root, string trainFile, string category)
    {
        string path = Path.Combine(root, "categories.json");
        bool own = File.Exists(path);
        path = own ? path : Path.Combine(root, trainFile);
        using JsonDocument document = DatasetFiles.Json(path);
        try
        {
            JsonElement list = own ? document.RootElement : document.RootElement.GetProperty("categories");
            var ranks = new Dictionary<long, string>();
            foreach (JsonElement entry in list.EnumerateArray())
            {
                if (!entry.TryGetProperty(category, out JsonElement value) || value.ValueKind != JsonValueKind.String)
                    throw new VisionMambaException($"{path}: its categories have no \"{category}\"; they have "
                        + string.Join(", ", entry.EnumerateObject().Select(property => property.Name)));
                long id = entry.TryGetProperty("id", out JsonElement number) ? number.GetInt64() : ranks.Count;
                ranks[id] = value.GetString()!;
            }

            return ranks;
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new VisionMambaException($"{path}: is not a list of categories with ids; download it again", e);
        }
    }

    // "train_val2018/Aves/2761/x.jpg" is unpacked as it stands, or without the third-highest rank as the released
    // SVP code expects it.
    private static string Locate(string root, string image)
    {
        string plain = Path.Combine(root, image);
        if (File.Exists(plain) || image.Split('/') is not [var first, _, var third, var file])
            return plain;
        string flat = Path.Combine(root, first, third, file);
        return File.Exists(flat) ? flat : plain;
    }

    private readonly record struct Item(string Path, long Category);
}

namespace VisionMamba.Data.Datasets;

/// <summary>
/// Describable Textures: labels/train1.txt, val1.txt and test1.txt (partition 1 of 10) of "class/file" lines, images
/// below images/. Classes in code-point order of the training list.
/// </summary>
internal static class DtdDatasets
{
    public static DatasetParts Read(string dir, DatasetOptions options)
    {
        options.Check();
        int partition = options.Partition ?? 1;
        string root = DatasetFiles.Root(
            dir, "DTD", ["dtd/dtd", "dtd", "DTD/dtd", "DTD", ""], $"labels/train{partition}.txt");
        string[] classes = DatasetFiles.Lines(ListOf(root, "train", partition)).Select(line => line.Text.Split('/')[0])
            .Distinct().Order(CodePointOrder.Instance).ToArray();
        var labels = classes.Select((name, i) => (name, i)).ToDictionary(pair => pair.name, pair => pair.i);
        return new DatasetParts("DTD", classes, ReadPart("train"))
        {
            Validation = ReadPart("val"),
            Test = ReadPart("test"),
        }.Limited(options);

        DatasetPart ReadPart(string part)
        {
            string path = ListOf(root, part, partition);
            var samples = new List<Sample>();
            foreach ((int number, string text) in DatasetFiles.Lines(path))
            {
                if (text.Split('/') is not [var name, var file] || !labels.TryGetValue(name, out int label))
                    throw new VisionMambaException(
                        $"{path}: line {number} ({text}) is not \"class/file\" of a class of train{partition}.txt");
                samples.Add(new Sample(Path.Combine(root, "images", name, file), label));
            }

            DatasetFiles.RequireImages(path, samples, options);
            return new DatasetPart(Path.GetFileName(path), samples);
        }
    }

    private static string ListOf(string root, string part, int partition) =>
        Path.Combine(root, "labels", $"{part}{partition}.txt");
}

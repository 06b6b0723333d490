namespace VisionMamba.Data.Datasets;

/// <summary>
/// CIFAR-10 and CIFAR-100, Python's pickled batches or the binary ones, wholly in memory (3 KB a picture). Labels are
/// the files' own; there is no validation part.
/// </summary>
internal static class CifarDatasets
{
    public static DatasetParts ReadCifar10(string dir, DatasetOptions options) => Read(dir, options, new Layout(
        "CIFAR10", 10, ["cifar-10-batches-py", "cifar-10-batches-bin", "CIFAR10/cifar-10-batches-py", ""],
        [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}")], "test_batch", "labels", 1,
        "batches.meta", "label_names", "batches.meta.txt"));

    public static DatasetParts ReadCifar100(string dir, DatasetOptions options) => Read(dir, options, new Layout(
        "CIFAR", 100, ["cifar-100-python", "cifar-100-binary", "CIFAR/cifar-100-python", ""],
        ["train"], "test", "fine_labels", 2,
        "meta", "fine_label_names", "fine_label_names.txt"));

    private static DatasetParts Read(string dir, DatasetOptions options, Layout layout)
    {
        options.Check();
        string[] marks = [layout.TrainFiles[0], layout.TrainFiles[0] + ".bin"];
        string root = DatasetFiles.Root(dir, layout.Name, layout.Places, marks);
        bool binary = !File.Exists(Path.Combine(root, marks[0]));
        return new DatasetParts(
            layout.Name, Names(root, layout, binary), ReadPart(root, layout, layout.TrainFiles, binary))
        {
            Test = ReadPart(root, layout, [layout.TestFile], binary),
        }.Limited(options);
    }

    private static DatasetPart ReadPart(string root, Layout layout, string[] files, bool binary)
    {
        var batches = new List<CifarBatch>();
        var samples = new List<Sample>();
        foreach (string name in files)
        {
            string path = Path.Combine(root, binary ? name + ".bin" : name);
            CifarBatch batch = binary
                ? CifarBatch.ReadBinary(path, layout.LabelBytes, layout.Classes)
                : CifarBatch.ReadPython(path, layout.LabelKey, layout.Classes);
            for (int i = 0; i < batch.Labels.Count; i++)
                samples.Add(new PackedSample($"{path}#{i}", batch.Labels[i], samples.Count));
            batches.Add(batch);
        }

        byte[] records = batches.Count == 1 ? batches[0].Pixels : Joined(batches);
        string told = files.Length == 1 ? files[0] : $"{files[0]} ... {files[^1]}";
        return new DatasetPart(told, samples, new PackedPictures(records, CifarBatch.Side, CifarBatch.Side, true));
    }

    private static byte[] Joined(List<CifarBatch> batches)
    {
        byte[] all = new byte[batches.Sum(batch => (long)batch.Pixels.Length)];
        int at = 0;
        foreach (CifarBatch batch in batches)
        {
            batch.Pixels.CopyTo(all, at);
            at += batch.Pixels.Length;
        }

        return all;
    }

    private static List<string> Names(string root, Layout layout, bool binary)
    {
        string path = Path.Combine(root, binary ? layout.NamesText : layout.NamesFile);
        if (!binary)
            return CifarBatch.ReadNames(path, layout.NamesKey, layout.Classes);
        List<string> names = DatasetFiles.Lines(path).Select(line => line.Text).ToList();
        return names.Count == layout.Classes ? names : throw new VisionMambaException(
            $"{path}: has {names.Count} names for {layout.Classes} classes; download it again");
    }

    private sealed record Layout(
        string Name, int Classes, string[] Places, string[] TrainFiles, string TestFile, string LabelKey,
        int LabelBytes, string NamesFile, string NamesKey, string NamesText);
}

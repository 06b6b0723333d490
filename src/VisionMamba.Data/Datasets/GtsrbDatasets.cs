using System.Globalization;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// German traffic signs: GTSRB/Training/00000 ... 00042/*.ppm (each with an optional GT-000xx.csv, which must agree),
/// GTSRB/Final_Test/Images/*.ppm labelled by GT-final_test.csv ("Filename;...;ClassId"). There is no validation part.
/// </summary>
internal static class GtsrbDatasets
{
    private const int ClassCount = 43;

    public static DatasetParts Read(string dir, DatasetOptions options)
    {
        options.Check();
        string root = DatasetFiles.Root(
            dir, "GTSRB", ["gtsrb/GTSRB", "GTSRB/GTSRB", "GTSRB", ""], "Training", "Final_Training/Images");
        string folder = Path.Combine(root, "Training");
        if (!Directory.Exists(folder))
            folder = Path.Combine(root, "Final_Training", "Images");
        var samples = new List<Sample>();
        foreach (string name in FolderScan.Folders(folder))
            samples.AddRange(ReadClass(Path.Combine(folder, name), name));
        DatasetFiles.RequireImages(folder, samples, options);
        return new DatasetParts(
            "GTSRB", ClassNames.Gtsrb, new DatasetPart(Path.GetRelativePath(root, folder) + "/", samples))
        {
            Test = ReadTest(root, options),
        }.Limited(options);
    }

    private static List<Sample> ReadClass(string folder, string name)
    {
        if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int label) || label >= ClassCount)
            throw new VisionMambaException($"{folder}: is not one of the class folders 00000 ... 00042; move it away");
        List<Sample> samples = FolderScan.Images(folder)
            .Where(path => Path.GetExtension(path).Equals(".ppm", StringComparison.OrdinalIgnoreCase))
            .Select(path => new Sample(path, label)).ToList();
        string index = Path.Combine(folder, $"GT-{name}.csv");
        if (!File.Exists(index))
            return samples;
        var present = samples.Select(s => Path.GetFileName(s.Path)).ToHashSet();
        int listed = 0;
        foreach ((int number, string file, int stated) in Rows(index))
        {
            listed++;
            if (stated != label || !present.Contains(file))
                throw new VisionMambaException($"{index}: line {number} lists {file} with class {stated}, but "
                    + (stated != label ? $"the folder is class {label}" : "there is no such file")
                    + "; unpack it again");
        }

        return listed == samples.Count ? samples : throw new VisionMambaException(
            $"{index}: lists {listed} images where the folder has {samples.Count}; unpack it again");
    }

    private static DatasetPart ReadTest(string root, DatasetOptions options)
    {
        string images = Path.Combine(root, "Final_Test", "Images"), name = "GT-final_test.csv";
        string[] places = [Path.Combine(root, "..", name), Path.Combine(root, name), Path.Combine(images, name)];
        string index = places.FirstOrDefault(File.Exists) ?? throw new VisionMambaException(
            $"{Path.GetFullPath(places[0])}: no such file (also looked for in {root} and {images}); it labels the test "
            + "images, unpack GTSRB_Final_Test_GT.zip there");
        var samples = new List<Sample>();
        foreach ((int number, string file, int label) in Rows(index))
        {
            if (label is < 0 or >= ClassCount)
                throw new VisionMambaException($"{index}: line {number} has the class {label}, which is not 0 ... 42");
            samples.Add(new Sample(Path.Combine(images, file), label));
        }

        DatasetFiles.RequireImages(index, samples, options);
        return new DatasetPart(name, samples);
    }

    private static IEnumerable<(int Number, string File, int Class)> Rows(string path)
    {
        int file = -1, label = -1;
        foreach ((int number, string text) in DatasetFiles.Lines(path))
        {
            string[] cells = text.Split(';', StringSplitOptions.TrimEntries);
            if (file < 0)
            {
                (file, label) = (Array.IndexOf(cells, "Filename"), Array.IndexOf(cells, "ClassId"));
                if (file < 0 || label < 0)
                    throw new VisionMambaException($"{path}: its first line names no columns Filename and ClassId");
                continue;
            }

            if (cells.Length <= Math.Max(file, label)
                || !int.TryParse(cells[label], NumberStyles.None, CultureInfo.InvariantCulture, out int value))
                throw new VisionMambaException(
                    $"{path}: line {number} ({text}) has no file and class; download it again");
            yield return (number, cells[file], value);
        }
    }
}

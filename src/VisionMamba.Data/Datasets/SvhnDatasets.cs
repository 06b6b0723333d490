namespace VisionMamba.Data.Datasets;

/// <summary>
/// SVHN's cropped digits: train_32x32.mat and test_32x32.mat with X (32 x 32 x 3 x n) and y (1 ... 10, 10 is the
/// digit 0). The label is the digit. Wholly in memory (3 KB a picture); there is no validation part.
/// </summary>
internal static class SvhnDatasets
{
    private const int Side = 32;

    public static DatasetParts Read(string dir, DatasetOptions options)
    {
        options.Check();
        string root = DatasetFiles.Root(dir, "SVHN", ["", "SVHN", "svhn"], "train_32x32.mat");
        string[] digits = [.. Enumerable.Range(0, 10).Select(digit => $"{digit}")];
        return new DatasetParts("SVHN", digits, ReadPart(root, "train_32x32.mat"))
        {
            Test = ReadPart(root, "test_32x32.mat"),
            Cut = CutOrder.AsListed,
        }.Limited(options);
    }

    private static DatasetPart ReadPart(string root, string file)
    {
        string path = Path.Combine(root, file);
        Dictionary<string, MatArray> arrays = MatFile.Read(path, "X", "y");
        MatArray pictures = arrays["X"], labels = arrays["y"];
        // scipy and MATLAB drop a last dimension of 1
        if (pictures.Type != MatArray.UInt8 || pictures.Dims is not [Side, Side, 3] and not [Side, Side, 3, _])
            throw new VisionMambaException($"{path}: X is not 32 x 32 x 3 x n bytes (but {Shape(pictures)}); "
                + "SVHN's cropped digits (format 2) are needed");
        int count = pictures.Count / (3 * Side * Side);
        if (count == 0 || labels.Count != count)
            throw new VisionMambaException(
                $"{path}: has {count} pictures and {labels.Count} labels; download it again");
        var samples = new List<Sample>(count);
        for (int i = 0; i < count; i++)
        {
            double label = labels[i];
            if (!(label is >= 0 and <= 10) || label != Math.Floor(label))
                throw new VisionMambaException($"{path}: record {i} has the label {label}, which is not 1 ... 10; "
                    + "download the file again");
            samples.Add(new PackedSample($"{path}#{i}", (int)label % 10, i));
        }

        return new DatasetPart(file, samples, new PackedPictures(pictures.Bytes, Side, Side, rowsFirst: false));
    }

    private static string Shape(MatArray array) => string.Join(" x ", array.Dims);
}

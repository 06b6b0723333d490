namespace VisionMamba.Data.Datasets;

/// <summary>
/// ImageNet-1k: train/ and val/ with a folder per synset. val/ chooses the best epoch and is what is reported, as is
/// common there; the test images have no public labels.
/// </summary>
internal static class ImageNetDatasets
{
    public static DatasetParts Read(string dir, DatasetOptions options)
    {
        string root = DatasetFiles.Root(dir, "IMNET", ["", "imagenet", "ILSVRC2012"], "train");
        if (!Directory.Exists(Path.Combine(root, "val")))
            throw new VisionMambaException(
                $"{Path.Combine(root, "val")}: no such folder; put the 50,000 validation images "
                + "there, a folder per synset");
        return FolderDatasets.Read(root, options) with { Name = "IMNET", Test = null };
    }
}

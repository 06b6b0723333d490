namespace VisionMamba.Data.Datasets;

/// <summary>
/// The five fine-grained sets of Visual Prompt Tuning: VPT's JSON splits beside the images, below FGVC/ as the
/// released SVP code has them, or in a folder of their own.
/// </summary>
internal static class FgvcDatasets
{
    public static DatasetParts ReadCub(string dir, DatasetOptions options) =>
        Read("CUB200", dir, options, "images", null, "CUB_200_2011");

    public static DatasetParts ReadNaBirds(string dir, DatasetOptions options) =>
        Read("NABIRDS", dir, options, "images", null, "nabirds");

    public static DatasetParts ReadFlowers(string dir, DatasetOptions options) =>
        Read("FLOWERS", dir, options, "", ClassNames.Flowers, "OxfordFlower", "oxfordflower", "OxfordFlowers");

    public static DatasetParts ReadDogs(string dir, DatasetOptions options) =>
        Read("DOGS", dir, options, "images", null, "stanford-dogs", "Stanford-dogs", "stanforddogs");

    public static DatasetParts ReadCars(string dir, DatasetOptions options) =>
        Read("CARS", dir, options, "", ClassNames.Cars, "stanford-cars", "Stanford-cars", "stanfordcars");

    private static DatasetParts Read(
        string name, string dir, DatasetOptions options, string imageFolder, IReadOnlyList<string>? classes,
        params string[] folders)
    {
        string[] places = [.. folders.Select(folder => $"FGVC/{folder}"), .. folders, ""];
        string root = DatasetFiles.Root(dir, name, places, "train.json");
        return VptJsonDatasets.Read(root, options, imageFolder, classes) with { Name = name };
    }
}

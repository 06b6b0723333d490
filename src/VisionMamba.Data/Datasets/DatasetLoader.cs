using VisionMamba.Data.Procedural.Tasks;

namespace VisionMamba.Data.Datasets;

/// <summary>Finds the reader for a data set by name. A new layout is one class and one line here.</summary>
public static class DatasetLoader
{
    private delegate DatasetParts Reader(string dir, DatasetOptions options);

    private static readonly Dictionary<string, Reader> Readers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["folder"] = ReadFolder,
        ["vpt-json"] = (dir, options) => VptJsonDatasets.Read(dir, options),
        ["CUB200"] = FgvcDatasets.ReadCub,
        ["NABIRDS"] = FgvcDatasets.ReadNaBirds,
        ["FLOWERS"] = FgvcDatasets.ReadFlowers,
        ["DOGS"] = FgvcDatasets.ReadDogs,
        ["CARS"] = FgvcDatasets.ReadCars,
        ["CIFAR"] = CifarDatasets.ReadCifar100,
        ["CIFAR10"] = CifarDatasets.ReadCifar10,
        ["DTD"] = DtdDatasets.Read,
        ["GTSRB"] = GtsrbDatasets.Read,
        ["SVHN"] = SvhnDatasets.Read,
        ["FOOD"] = FoodDatasets.Read,
        ["IMNET"] = ImageNetDatasets.Read,
        ["INAT"] = (dir, options) => InatDatasets.Read("INAT", 2018, dir, options),
        ["INAT19"] = (dir, options) => InatDatasets.Read("INAT19", 2019, dir, options),
    };

    /// <summary>Other names, among them those of the released SVP code for VTAB-1k.</summary>
    private static readonly Dictionary<string, string> Aliases = new(StringComparer.OrdinalIgnoreCase)
    {
        ["CIFAR100"] = "CIFAR",
    };

    private static readonly HashSet<string> Jsons =
        ["folder", "vpt-json", "CUB200", "NABIRDS", "FLOWERS", "DOGS", "CARS"];

    static DatasetLoader()
    {
        foreach (StructuredTask task in StructuredTask.All)
            Readers.Add(ProceduralDatasets.Prefix + task.Name, (_, options) => ProceduralDatasets.Read(task, options));
        foreach ((string task, int classes, string released) in VtabDatasets.Tasks)
        {
            Readers.Add($"VTAB_{task}", (dir, options) => VtabDatasets.Read(task, classes, dir, options));
            if (!task.Equals(released, StringComparison.OrdinalIgnoreCase))
                Aliases.Add($"VTAB_{released}", $"VTAB_{task}");
        }
    }

    /// <summary>
    /// The names that <see cref="Load"/> takes, the 19 tasks of VTAB-1k and the rendered tasks among them.
    /// </summary>
    public static IReadOnlyCollection<string> Names => Readers.Keys;

    /// <summary>The same for people: VTAB-1k as VTAB_task.</summary>
    public static string NamesInWords => string.Join(", ", Names.Where(name => !IsVtab(name))) + ", VTAB_<task>";

    /// <summary>
    /// Reads <paramref name="dir"/> as <paramref name="dataSetName"/>, "folder" when null: a folder per class, or VPT
    /// JSON splits where there is a train.json.
    /// </summary>
    public static DatasetSplits Load(string dir, string? dataSetName = null, DatasetOptions? options = null)
    {
        options ??= new DatasetOptions();
        return Read(dir, dataSetName ?? "folder", options).Split(options);
    }

    /// <summary>The name as it is written here, whatever its case or alias.</summary>
    internal static string Canonical(string name)
    {
        string known = Aliases.GetValueOrDefault(name, name);
        return Readers.Keys.FirstOrDefault(key => key.Equals(known, StringComparison.OrdinalIgnoreCase))
            ?? throw new VisionMambaException(IsVtab(name)
                ? $"data set \"{name}\" is not known; VTAB-1k's are {string.Join(", ", Names.Where(IsVtab))}"
                : $"data set \"{name}\" is not known; use one of {NamesInWords}");
    }

    internal static DatasetParts Read(string dir, string dataSetName, DatasetOptions options)
    {
        Check(dataSetName, options);
        return Readers[Canonical(dataSetName)](dir, options);
    }

    /// <summary>
    /// Throws one line where <paramref name="options"/> are out of range or not for the data set, which needs no file.
    /// </summary>
    public static void Check(string dataSetName, DatasetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        string name = Canonical(dataSetName);
        Require(options.TrainPercent is null || Jsons.Contains(name), "--train-percent", "sets with VPT's JSON splits");
        Require(options.Partition is null || name == "DTD", "--partition", "DTD");
        Require(options.InatCategory is null || name is "INAT" or "INAT19", "--inat-category", "INAT and INAT19");
        Require(options.RenderSize is null || ProceduralDatasets.Has(name), "--render-size", "rendered data sets");

        void Require(bool fits, string flag, string sets)
        {
            if (!fits)
                throw new VisionMambaException($"{flag}: is for {sets}, not for {name}; leave it out");
        }
    }

    private static bool IsVtab(string name) => name.StartsWith("VTAB_", StringComparison.OrdinalIgnoreCase);

    private static DatasetParts ReadFolder(string dir, DatasetOptions options)
    {
        if (VptJsonDatasets.Detect(dir))
            return VptJsonDatasets.Read(dir, options);
        return options.TrainPercent is null ? FolderDatasets.Read(dir, options) : throw new VisionMambaException(
            $"{dir}: has no train.json; --train-percent is for VPT's JSON splits, leave it out");
    }
}

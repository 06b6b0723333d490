namespace VisionMamba.Data.Datasets;

/// <summary>
/// A folder per class, as torchvision's ImageFolder: classes and files in code-point order, images found at any depth.
/// Hidden files, other files and classes without an image are ignored.
/// </summary>
public static class FolderDatasets
{
    private static readonly string[] ValidationNames = ["val", "validation", "valid"];

    /// <summary>
    /// Reads <paramref name="dir"/>: train/ with val/ (validation/, valid/) and/or test/, or class folders alone. Where
    /// there is no validation part, <paramref name="validationFraction"/> of each training class is held out by seed.
    /// </summary>
    public static DatasetSplits Load(string dir, double validationFraction = 0.2, ulong seed = 0) =>
        Load(dir, new DatasetOptions { ValidationFraction = validationFraction, Seed = seed });

    /// <summary>The same with every choice.</summary>
    public static DatasetSplits Load(string dir, DatasetOptions options) => Read(dir, options).Split(options);

    internal static DatasetParts Read(string dir, DatasetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        if (!Directory.Exists(dir))
            throw new VisionMambaException(File.Exists(dir)
                ? $"{dir}: is a file; give the folder that holds train/ and val/, or one folder per class"
                : $"{dir}: no such folder; give the folder that holds train/ and val/, or one folder per class");
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(dir)));
        string[] folders = FolderScan.Folders(dir);
        string? train = Find(dir, folders, "train"), test = Find(dir, folders, "test");
        string? validation = Find(dir, folders, ValidationNames);
        if (train is null && (validation ?? test) is { } other)
            throw new VisionMambaException($"{dir}: has {Path.GetFileName(other)}/ but no train/; add train/ with one "
                + "folder per class");
        (List<string> classes, List<Sample> samples) = ReadTraining(train ?? dir, options);
        return new DatasetParts(name, classes, new DatasetPart(train is null ? "class folders" : "train/", samples))
        {
            Validation = validation is null ? null : ReadPart(validation, classes, options),
            Test = test is null ? null : ReadPart(test, classes, options),
        };
    }

    private static string? Find(string dir, string[] folders, params string[] names)
    {
        string[] found = folders.Where(folder => names.Contains(folder, StringComparer.OrdinalIgnoreCase)).ToArray();
        return found.Length switch
        {
            0 => null,
            1 => Path.Combine(dir, found[0]),
            _ => throw new VisionMambaException($"{dir}: has both {found[0]}/ and {found[1]}/; keep one of them"),
        };
    }

    private static (List<string> Classes, List<Sample> Samples) ReadTraining(string dir, DatasetOptions options)
    {
        string[] folders = FolderScan.Folders(dir);
        string[] missing = options.OnlyClasses?.Except(folders).ToArray() ?? [];
        if (missing.Length > 0)
            throw new VisionMambaException($"{dir}: there is no folder for the class \"{missing[0]}\"");
        var classes = new List<string>();
        var samples = new List<Sample>();
        foreach (string folder in folders)
        {
            if (classes.Count == options.MaxClasses || options.OnlyClasses?.Contains(folder) == false)
                continue;
            List<string> images = FolderScan.Images(Path.Combine(dir, folder));
            if (images.Count == 0)
                continue;
            samples.AddRange(images.Select(path => new Sample(path, classes.Count)));
            classes.Add(folder);
        }

        if (classes.Count == 0)
            throw new VisionMambaException($"{dir}: holds no class folder with images "
                + "(JPEG, PNG, WebP, BMP, GIF or PNM); put each class's images into a folder of its own");
        return (classes, samples);
    }

    private static DatasetPart ReadPart(string dir, IReadOnlyList<string> classes, DatasetOptions options)
    {
        bool limited = options.OnlyClasses is not null || options.MaxClasses is not null;
        var labels = classes.Select((name, i) => (name, i)).ToDictionary(pair => pair.name, pair => pair.i);
        var samples = new List<Sample>();
        foreach (string folder in FolderScan.Folders(dir))
        {
            bool known = labels.TryGetValue(folder, out int label);
            if (!known && limited)
                continue;
            List<string> images = FolderScan.Images(Path.Combine(dir, folder));
            if (!known && images.Count > 0)
                throw new VisionMambaException(
                    $"{Path.Combine(dir, folder)}: the class \"{folder}\" is not among the training classes; add "
                    + "training images of it or remove the folder");
            samples.AddRange(images.Select(path => new Sample(path, label)));
        }

        if (samples.Count == 0)
            throw new VisionMambaException($"{dir}: holds no images of the training classes; add some or remove it");
        return new DatasetPart(Path.GetFileName(dir) + "/", samples);
    }
}

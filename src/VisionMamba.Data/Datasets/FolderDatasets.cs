namespace VisionMamba.Data.Datasets;

/// <summary>
/// A folder per class, as torchvision's ImageFolder: classes and files in code-point order, images found at any depth.
/// Hidden files are ignored; other files, classes without an image and folders that are no part are counted.
/// </summary>
public static class FolderDatasets
{
    private const string Loose = "images beside the class folders";
    private static readonly string[] ValidationNames = ["val", "validation", "valid"];

    /// <summary>
    /// Reads <paramref name="dir"/>: train/ with val/ (validation/, valid/) and/or test/, or class folders alone, which
    /// may be called so, too. Where there is no validation part, <paramref name="validationFraction"/> of each training
    /// class is held out by seed.
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
        var rest = new NotTakenCounts(dir);
        string?[] parts = [train, validation, test];
        if (parts.All(part => part is null) || AreClasses(dir, folders, parts))
        {
            (List<string> all, DatasetPart whole) = ReadTraining(dir, "class folders", options, rest);
            return new DatasetParts(name, all, whole) { NotTaken = rest.ToList() };
        }

        CountBeside(dir, folders, parts, rest);
        (List<string> classes, DatasetPart training) = train is not null
            ? ReadTraining(train, "train/", options, rest)
            : (ClassesWithoutTraining(dir, validation, test, options), new DatasetPart("no train/", []));
        return new DatasetParts(name, classes, training)
        {
            Validation = validation is null ? null : ReadPart(validation, classes, options, rest),
            Test = test is null ? null : ReadPart(test, classes, options, rest),
            NotTaken = rest.ToList(),
        };
    }

    /// <summary>
    /// Whether folders with a part's name are classes (trains, tests of driving): they hold images and no class
    /// folders, and there are other folders of images beside them.
    /// </summary>
    private static bool AreClasses(string dir, string[] folders, string?[] parts) =>
        parts.OfType<string>().All(part => FolderScan.Loose(part) > 0
            && !FolderScan.Folders(part).Any(folder => FolderScan.Images(Path.Combine(part, folder)).Count > 0))
        && folders.Select(folder => Path.Combine(dir, folder))
            .Any(folder => !parts.Contains(folder) && FolderScan.Images(folder).Count > 0);

    /// <summary>What lies beside the parts: loose pictures, and folders that have pictures but are no part.</summary>
    private static void CountBeside(string dir, string[] folders, string?[] parts, NotTakenCounts rest)
    {
        rest.Add(dir, "images beside train/, val/ and test/", FolderScan.Loose(dir));
        foreach (string folder in folders.Select(folder => Path.Combine(dir, folder)))
        {
            if (!parts.Contains(folder))
                rest.Add(folder, "images in a folder that is no part", FolderScan.Images(folder).Count);
        }
    }

    /// <summary>The classes of the parts to measure on, which have none to go by where there is no train/.</summary>
    private static List<string> ClassesWithoutTraining(
        string dir, string? validation, string? test, DatasetOptions options)
    {
        if (!options.AllowNoTraining)
            throw new VisionMambaException($"{dir}: has {Path.GetFileName(validation ?? test)}/ but no train/; add "
                + "train/ with one folder per class (svp evaluate takes the folder as it is)");
        return new[] { validation, test }.OfType<string>()
            .SelectMany(part => FolderScan.Folders(part).Where(
                folder => FolderScan.Images(Path.Combine(part, folder)).Count > 0))
            .Where(folder => options.OnlyClasses?.Contains(folder) != false)
            .Distinct().Order(CodePointOrder.Instance).Take(options.MaxClasses ?? int.MaxValue).ToList();
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

    private static (List<string> Classes, DatasetPart Part) ReadTraining(
        string dir, string told, DatasetOptions options, NotTakenCounts rest)
    {
        string[] folders = FolderScan.Folders(dir);
        string[] missing = options.OnlyClasses?.Except(folders).ToArray() ?? [];
        if (missing.Length > 0)
            throw new VisionMambaException($"{dir}: there is no folder for the class \"{missing[0]}\"");
        var classes = new List<string>();
        var samples = new List<Sample>();
        int loose = FolderScan.Loose(dir);
        rest.Add(dir, Loose, loose);
        foreach (string folder in folders)
        {
            if (classes.Count == options.MaxClasses || options.OnlyClasses?.Contains(folder) == false)
                continue;
            List<string> images = ReadClass(Path.Combine(dir, folder), rest);
            if (images.Count == 0)
                continue;
            samples.AddRange(images.Select(path => new Sample(path, classes.Count)));
            classes.Add(folder);
        }

        if (classes.Count == 0)
            throw new VisionMambaException($"{dir}: holds no class folder with images "
                + "(JPEG, PNG, WebP, BMP, GIF or PNM); " + (loose == 0
                    ? "put each class's images into a folder of its own"
                    : $"its {loose} images lie loose: give the folder above it where it is one class of several, "
                        + "else put each class's images into a folder of its own"));
        return (classes, new DatasetPart(told, samples));
    }

    private static List<string> ReadClass(string folder, NotTakenCounts rest)
    {
        List<string> images = FolderScan.Images(folder, rest);
        if (images.Count == 0)
            rest.Add(folder, "class folders without an image");
        return images;
    }

    private static DatasetPart ReadPart(
        string dir, IReadOnlyList<string> classes, DatasetOptions options, NotTakenCounts rest)
    {
        bool limited = options.OnlyClasses is not null || options.MaxClasses is not null;
        var labels = classes.Select((name, i) => (name, i)).ToDictionary(pair => pair.name, pair => pair.i);
        var samples = new List<Sample>();
        rest.Add(dir, Loose, FolderScan.Loose(dir));
        foreach (string folder in FolderScan.Folders(dir))
        {
            bool known = labels.TryGetValue(folder, out int label);
            if (!known && limited)
                continue;
            List<string> images = ReadClass(Path.Combine(dir, folder), rest);
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

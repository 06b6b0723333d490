using System.Globalization;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// A task of VTAB-1k as the common archive has it: VTAB/vtab-1k/task with train800.txt, val200.txt,
/// train800val200.txt and test.txt of "path label" lines, paths counting from the task's folder.
/// </summary>
internal static class VtabDatasets
{
    /// <summary>Folder, number of classes, name in the released SVP code.</summary>
    public static readonly (string Task, int Classes, string Released)[] Tasks =
    [
        ("cifar", 100, "CIFAR100"), ("caltech101", 102, "Caltech101"), ("dtd", 47, "DTD"),
        ("oxford_flowers102", 102, "Flowers102"), ("oxford_iiit_pet", 37, "Pets"), ("svhn", 10, "SVNH"),
        ("sun397", 397, "Sun397"), ("patch_camelyon", 2, "Camelyon"), ("eurosat", 10, "EuroSAT"),
        ("resisc45", 45, "Resisc45"), ("diabetic_retinopathy", 5, "Retinopathy"), ("clevr_count", 8, "Clevr_Count"),
        ("clevr_dist", 6, "Clevr_Dist"), ("dmlab", 6, "DMLab"), ("kitti", 4, "KITTI_Dist"),
        ("dsprites_loc", 16, "dSpr_Loc"), ("dsprites_ori", 16, "dSpr_Ori"), ("smallnorb_azi", 18, "sNORB_Azim"),
        ("smallnorb_ele", 9, "sNORB_Ele"),
    ];

    private const string Both = "train800val200.txt";

    public static DatasetParts Read(string task, int classCount, string dir, DatasetOptions options)
    {
        options.Check();
        string root = DatasetFiles.Root(
            dir, $"VTAB_{task}", [$"VTAB/vtab-1k/{task}", $"vtab-1k/{task}", task, ""], Both, "train800.txt");
        string[] classes = [.. Enumerable.Range(0, classCount).Select(label => $"{label}")];
        DatasetPart? train = ReadPart(root, "train800.txt", classCount, options);
        DatasetPart? validation = ReadPart(root, "val200.txt", classCount, options);
        DatasetPart? both = ReadPart(root, Both, classCount, options);
        DatasetPart test = ReadPart(root, "test.txt", classCount, options) ?? throw new VisionMambaException(
            $"{Path.Combine(root, "test.txt")}: no such file; unpack the task's archive again");
        bool apart = train is not null && validation is not null;
        if (!apart && both is null)
            throw new VisionMambaException($"{root}: lacks {(train is null ? "train800.txt" : "val200.txt")}; "
                + "unpack the task's archive again");
        return new DatasetParts($"VTAB_{task}", classes, apart ? train! : both!)
        {
            Validation = apart ? validation : null,
            Test = test,
            TrainAndValidation = both,
        }.Limited(options);
    }

    private static DatasetPart? ReadPart(string root, string file, int classes, DatasetOptions options)
    {
        string path = Path.Combine(root, file);
        if (!File.Exists(path))
            return null;
        var samples = new List<Sample>();
        foreach ((int number, string text) in DatasetFiles.Lines(path))
        {
            int space = text.LastIndexOf(' ');
            if (space < 1 || !int.TryParse(
                text[(space + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int label))
                throw new VisionMambaException(
                    $"{path}: line {number} ({text}) is not \"path label\"; unpack it again");
            if (label >= classes)
                throw new VisionMambaException(
                    $"{path}: line {number} has the label {label}, which is not 0 ... {classes - 1}; unpack it again");
            samples.Add(new Sample(Path.Combine(root, text[..space].TrimEnd()), label));
        }

        DatasetFiles.RequireImages(path, samples, options);
        return new DatasetPart(file, samples);
    }
}

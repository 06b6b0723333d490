using System.CommandLine;
using VisionMamba.Cli.Runs;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;

namespace VisionMamba.Cli.Flags;

/// <summary>Which images: --data, --data-set and their limits.</summary>
internal sealed class DataFlags
{
    private const int MostKinds = 4;

    public Option<string> Data { get; } = new("--data") { Description = "folder of the data set", HelpName = "DIR" };

    public Option<string?> DataSet { get; } = new("--data-set")
    {
        Description =
            $"data set by name: {DatasetLoader.NamesInWords} (default: a folder per class or VPT JSON splits)",
    };

    public Option<double> ValidationFraction { get; } = new("--validation-fraction")
    {
        Description = "share held out for validation where the data set has none",
        DefaultValueFactory = _ => 0.2,
    };

    public Option<int?> MaxClasses { get; } = new("--max-classes") { Description = "use only the first N classes" };

    public Option<int?> MaxImages { get; } = new("--max-images") { Description = "at most N training images a class" };

    public Option<double?> TrainFraction { get; } = new("--train-fraction")
    {
        Description =
            "train on the first share of the training list, as the released code with 0.8 for FOOD, GTSRB, SVHN",
    };

    public Option<double?> TrainPercent { get; } = new("--train-percent")
    {
        Description = "train on VPT's train_P.json (0.1 ... 0.8)",
        HelpName = "P",
    };

    public Option<string> SelectOn { get; } = new("--select-on")
    {
        Description = "part that chooses the best epoch: validation, or test as the released code (nothing held out)",
        DefaultValueFactory = _ => "validation",
    };

    public Option<bool> TrainOnValidation { get; } = new("--train-on-validation")
    {
        Description = "train on the validation part too (VTAB: the 1000 images)",
    };

    public Option<int?> Partition { get; } = new("--partition")
    {
        Description = "which of DTD's splits, 1 ... 10 (default 1)",
    };

    public Option<string?> InatCategory { get; } = new("--inat-category")
    {
        Description = "iNaturalist's rank that is a class: name (default), genus, family, order, ...",
    };

    public Option<string?> Sample { get; } = new("--sample")
    {
        Description = "draw so many images from the training part, as train800val200 (VTAB-1k); without a test part "
            + "the data's own validation part is the test part",
    };

    public Option<int?> MaxTest { get; } = new("--max-test")
    {
        Description = "at most N test images, the same for every seed",
    };

    public Option<ulong?> SplitSeed { get; } = new("--split-seed")
    {
        Description = "decides which images are drawn, held out or rendered (default: --seed)",
    };

    public Option<int?> RenderSize { get; } = new("--render-size")
    {
        Description = "pixels a side of rendered data sets (64)",
    };

    public Option<string> OnBadImage { get; } = new("--on-bad-image")
    {
        Description = "an unreadable image: fail (at once, naming it), or skip (all are decoded once before the start, "
            + "bad ones are reported and left out)",
        DefaultValueFactory = _ => "fail",
    };

    /// <summary>What is listed as training part, before any splitting.</summary>
    public IEnumerable<Option> Choices => [TrainPercent, Partition, InatCategory];

    public IEnumerable<Option> All =>
    [
        Data, DataSet, ValidationFraction, MaxClasses, MaxImages, TrainFraction, SelectOn, TrainOnValidation,
        OnBadImage, Sample, MaxTest, SplitSeed, RenderSize, .. Choices,
    ];

    public static DatasetSplits Load(RunData data) => Kept(data, Options(data));

    private static DatasetOptions Options(RunData data) => new()
    {
        ValidationFraction = data.ValidationFraction,
        Seed = data.SplitSeed,
        MaxClasses = data.MaxClasses,
        MaxImagesPerClass = data.MaxImages,
        TrainFraction = data.TrainFraction,
        TrainPercent = data.TrainPercent,
        SelectOnTest = data.SelectOn == "test",
        TrainOnValidation = data.TrainOnValidation,
        Partition = data.Partition,
        InatCategory = data.InatCategory,
        Sample = data.Sample is null ? null : SampleSizes.Parse(data.Sample),
        MaxTest = data.MaxTest,
        RenderSize = data.RenderSize,
    };

    /// <summary>
    /// As <see cref="Load"/> to train on: two classes or more, without the images that cannot be read where the run
    /// skips them.
    /// </summary>
    public static DatasetSplits LoadReadable(RunData data)
    {
        DatasetSplits all = Load(data);
        if (SingleClass.Fault(data.Folder, all.Train.Classes) is { } fault)
            throw new VisionMambaException(fault);
        SayNotTaken(data, all);
        if (data.OnBadImage != "skip")
        {
            // Not after an epoch, when the first of them is met.
            Sample? never = new[] { all.Train, all.Validation, all.Test }.OfType<ImageDataset>()
                .SelectMany(part => part.Samples).FirstOrDefault(s => ImageFiles.IsTiff(s.Path));
            return never is null ? all : throw new VisionMambaException(
                $"{never.Path}: TIFF images are not read; convert them to PNG, or leave them out with "
                + "--on-bad-image skip");
        }

        DatasetSplits readable = all with
        {
            Train = Readable(all.Train),
            Validation = Readable(all.Validation),
            Test = all.Test is null ? null : Readable(all.Test),
        };
        static int Count(DatasetSplits s) => s.Train.Count + s.Validation.Count + (s.Test?.Count ?? 0);
        return Count(readable) == Count(all) ? all : readable with
        {
            Description = $"{all.Description}; {Count(all) - Count(readable)} unreadable images left out, which leaves "
                + $"{readable.Train.Count} to train, {readable.Validation.Count} to validate and "
                + $"{readable.Test?.Count ?? 0} to test",
        };
    }

    /// <summary>As <see cref="Load"/> to measure on: there need be nothing to train on.</summary>
    public static DatasetSplits LoadToMeasure(RunData data) =>
        Kept(data, Options(data) with { AllowNoTraining = true });

    private static DatasetSplits Kept(RunData data, DatasetOptions options) =>
        KeptImages.Load(data, () => DatasetLoader.Load(data.Folder, data.DataSet, options));

    /// <summary>The images of a part that can be read; the others are told.</summary>
    public static ImageDataset Readable(ImageDataset part)
    {
        Console.Error.WriteLine($"decoding the {part.Count:N0} images of {part.Name} once");
        (ImageDataset readable, IReadOnlyList<string> failures) = ReadableImages.Of(part);
        foreach (string failure in failures)
            Console.Error.WriteLine($"left out: {failure}");
        return readable.Count > 0 ? readable : throw new VisionMambaException(
            $"{part.Name}: none of its images can be read");
    }

    /// <summary>One line for all that lies in the folder and is not taken.</summary>
    public static void SayNotTaken(RunData data, DatasetSplits splits)
    {
        if (splits.NotTaken.Count == 0)
            return;
        string[] kinds = [.. splits.NotTaken.GroupBy(item => item.What, item => item.Count)
            .OrderByDescending(kind => kind.Sum()).Select(kind => $"{kind.Key} ({kind.Sum()})")];
        string others = kinds.Length > MostKinds ? $", {kinds.Length - MostKinds} other kinds" : "";
        Console.Error.WriteLine($"{data.Folder}: not taken: {string.Join(", ", kinds.Take(MostKinds))}{others}; "
            + $"{CheckCommand(data)} says where");
    }

    private static string CheckCommand(RunData data) =>
        $"svp data check {(data.DataSet is { } name ? $"--data-set {name} " : "")}--data {data.Folder}";

    public RunData Read(ParseResult parsed, ulong seed) => Read(parsed, seed, parsed.GetValue(DataSet));

    /// <summary>A run's images, in the folder where they are now if --data says so.</summary>
    public RunData Moved(ParseResult parsed, RunData begun) =>
        parsed.GetValue(Data) is null ? begun : begun with { Folder = Folder(parsed, begun.DataSet) };

    /// <summary>The folder; a rendered data set's name stands for the one that it has not.</summary>
    private string Folder(ParseResult parsed, string? dataSet)
    {
        string? folder = parsed.GetValue(Data), rendered = ProceduralDatasets.Has(dataSet) ? dataSet : null;
        if (rendered is not null && folder is not null)
            throw new UsageException($"--data: {rendered} is rendered and has no folder; leave it out");
        // In full: the run goes on wherever it is resumed from.
        return folder is not null ? Path.GetFullPath(folder)
            : rendered ?? throw new UsageException("--data DIR is missing");
    }

    private RunData Read(ParseResult parsed, ulong seed, string? dataSet)
    {
        var data = new RunData(
            Folder(parsed, dataSet), parsed.GetValue(DataSet), parsed.GetValue(ValidationFraction),
            parsed.GetValue(MaxClasses), parsed.GetValue(MaxImages), parsed.GetValue(SplitSeed) ?? seed)
        {
            Sample = parsed.GetValue(Sample),
            MaxTest = parsed.GetValue(MaxTest),
            RenderSize = parsed.GetValue(RenderSize),
            TrainFraction = parsed.GetValue(TrainFraction),
            TrainPercent = parsed.GetValue(TrainPercent),
            SelectOn = parsed.GetValue(SelectOn) is "validation" or "test" ? parsed.GetValue(SelectOn)!
                : throw new UsageException($"--select-on {parsed.GetValue(SelectOn)}: give validation or test"),
            TrainOnValidation = parsed.GetValue(TrainOnValidation),
            Partition = parsed.GetValue(Partition),
            InatCategory = parsed.GetValue(InatCategory),
            OnBadImage = parsed.GetValue(OnBadImage) is "fail" or "skip" ? parsed.GetValue(OnBadImage)!
                : throw new UsageException($"--on-bad-image {parsed.GetValue(OnBadImage)}: give fail or skip"),
        };
        Check(dataSet, () => Options(data));
        return data;
    }

    /// <summary>Refuses a data set that there is not, and numbers or flags that it cannot have.</summary>
    /// <exception cref="UsageException">In one line that begins with the flag.</exception>
    public static void Check(string? name, DatasetOptions options, string flag = "--data-set") =>
        Check(name, () => options, flag);

    private static void Check(string? name, Func<DatasetOptions> options, string flag = "--data-set")
    {
        try
        {
            DatasetLoader.Check(name ?? "folder", options());
        }
        catch (VisionMambaException e)
        {
            throw new UsageException(
                e.Message.StartsWith("--", StringComparison.Ordinal) ? e.Message : $"{flag}: {e.Message}");
        }
    }

    /// <summary>
    /// The flags, and where one was not given what <paramref name="recorded"/> says of the model's own run; nothing of
    /// it holds for a data set of another name.
    /// </summary>
    public RunData Read(ParseResult parsed, ulong? seed, RunData? recorded)
    {
        RunData flags = Read(
            parsed, seed ?? recorded?.SplitSeed ?? 0, parsed.GetValue(DataSet) ?? recorded?.DataSet);
        if (recorded is null
            || (parsed.IsGiven(DataSet) && parsed.GetValue(DataSet) != (recorded.DataSet ?? "folder")))
        {
            return flags;
        }

        var merged = RunJson.Write(recorded);
        var given = RunJson.Write(flags);
        foreach ((Option option, string name) in Recorded)
        {
            if (parsed.IsGiven(option))
                merged[name] = given[name]?.DeepClone();
        }

        return RunJson.ReadData(merged) with { Folder = flags.Folder, SplitSeed = flags.SplitSeed };
    }

    private (Option Option, string Name)[] Recorded =>
    [
        (DataSet, nameof(RunData.DataSet)), (ValidationFraction, nameof(RunData.ValidationFraction)),
        (MaxClasses, nameof(RunData.MaxClasses)), (MaxImages, nameof(RunData.MaxImages)),
        (TrainFraction, nameof(RunData.TrainFraction)), (TrainPercent, nameof(RunData.TrainPercent)),
        (SelectOn, nameof(RunData.SelectOn)), (TrainOnValidation, nameof(RunData.TrainOnValidation)),
        (Partition, nameof(RunData.Partition)), (InatCategory, nameof(RunData.InatCategory)),
        (OnBadImage, nameof(RunData.OnBadImage)), (Sample, nameof(RunData.Sample)),
        (MaxTest, nameof(RunData.MaxTest)), (RenderSize, nameof(RunData.RenderSize)),
    ];
}

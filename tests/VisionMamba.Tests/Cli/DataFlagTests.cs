using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Runs;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Cli;

/// <summary>Every flag of the images changes the property that it names, and no other.</summary>
[Collection(CommandLine.Collection)]
public sealed class DataFlagTests
{
    private const string Folder = "--data d", Rendered = "--data-set procedural-count";

    /// <summary>What must be given beside the flag; the flag with another value than its default; the property with the
    /// value that it then has.</summary>
    private static readonly (string Beside, string Given, string Property, string Expected)[] s_flags =
    [
        ("", "--data elsewhere", nameof(RunData.Folder), Path.GetFullPath("elsewhere")),
        (Folder, "--data-set CIFAR10", nameof(RunData.DataSet), "CIFAR10"),
        (Folder, "--validation-fraction 0.25", nameof(RunData.ValidationFraction), "0.25"),
        (Folder, "--max-classes 7", nameof(RunData.MaxClasses), "7"),
        (Folder, "--max-images 9", nameof(RunData.MaxImages), "9"),
        (Folder, "--split-seed 13", nameof(RunData.SplitSeed), "13"),
        (Folder, "--train-fraction 0.75", nameof(RunData.TrainFraction), "0.75"),
        (Folder, "--train-percent 0.5", nameof(RunData.TrainPercent), "0.5"),
        (Folder, "--select-on test", nameof(RunData.SelectOn), "test"),
        (Folder, "--train-on-validation", nameof(RunData.TrainOnValidation), "true"),
        (Folder + " --data-set DTD", "--partition 4", nameof(RunData.Partition), "4"),
        (Folder + " --data-set INAT", "--inat-category family", nameof(RunData.InatCategory), "family"),
        (Folder, "--on-bad-image skip", nameof(RunData.OnBadImage), "skip"),
        (Folder, "--sample train12val8", nameof(RunData.Sample), "train12val8"),
        (Folder, "--max-test 11", nameof(RunData.MaxTest), "11"),
        (Rendered, "--render-size 32", nameof(RunData.RenderSize), "32"),
    ];

    /// <summary>What the run of a model recorded, nowhere what the flags say.</summary>
    private static readonly RunData s_recorded = new("there", null, 0.35, 3, 5, 99)
    {
        TrainFraction = 0.85,
        TrainPercent = 0.3,
        Partition = 2,
        InatCategory = "genus",
        Sample = "train3val2",
        MaxTest = 6,
        RenderSize = 48,
        TestAtEnd = false,
    };

    public static IEnumerable<TheoryDataRow<string, string, string, string>> Flags =>
        s_flags.Select(f => new TheoryDataRow<string, string, string, string>(
            f.Beside, f.Given, f.Property, f.Expected));

    /// <summary>All that is checked of a data set's options, and whose fault it is.</summary>
    public static TheoryData<string, string> Refused => new()
    {
        { "--data d --validation-fraction 1.5", "--validation-fraction: must be between 0 and 1" },
        { "--data d --max-classes 1", "--max-classes: must be at least 2" },
        { "--data d --max-images 0", "--max-images: must be at least 1" },
        { "--data d --train-fraction 1.5", "--train-fraction: must be above 0" },
        { "--data d --train-percent 1.5", "--train-percent: must be between 0 and 1" },
        { "--data d --max-test 0", "--max-test: must be at least 1" },
        { "--data-set procedural-count --render-size 15", "--render-size: must be at least 16" },
        { "--data d --data-set DTD --partition 11", "--partition: must be 1 ... 10" },
        { "--data d --sample 12", "--sample: must be like train800val200" },
        { "--data d --train-fraction 0.5 --train-on-validation", "--train-fraction: excludes --train-on-validation" },
        { "--data d --sample train3val2 --select-on test", "--sample: excludes" },
        { "--data d --partition 4", "--partition: is for DTD" },
        { "--data d --inat-category genus", "--inat-category: is for INAT" },
        { "--data d --render-size 32", "--render-size: is for rendered data sets" },
        { "--data d --data-set CIFAR10 --train-percent 0.5", "--train-percent: is for sets with VPT's JSON splits" },
        { "--data d --select-on both", "--select-on both: give" },
        { "--data d --on-bad-image ignore", "--on-bad-image ignore: give" },
        { "--data d --data-set NONE", "--data-set: data set \"NONE\" is not known" },
        { "--data d --data-set procedural-count", "--data: procedural-count is rendered" },
        { "", "--data DIR is missing" },
    };

    [Fact]
    public void EveryFlagIsHere() => Assert.Equal(
        new DataFlags().All.Select(o => o.Name).Order(), s_flags.Select(f => f.Given.Split(' ')[0]).Order());

    [Theory]
    [MemberData(nameof(Flags))]
    public void AFlagChangesItsPropertyAlone(string beside, string given, string property, string expected)
    {
        // There is always a folder: here another one.
        bool folder = property == nameof(RunData.Folder);
        // Of another data set nothing holds that is recorded: MeasuredDataTests.
        RunData?[] models = property == nameof(RunData.DataSet) ? [null] : [null, s_recorded];
        foreach (RunData? recorded in models)
        {
            Dictionary<string, string> before = Told(folder ? Folder : beside, recorded);
            Dictionary<string, string> after = Told(folder ? given : $"{beside} {given}", recorded);
            Assert.Equal([property], before.Keys.Where(key => before[key] != after[key]));
            Assert.Equal(expected, after[property]);
        }
    }

    [Fact]
    public void WhatIsNotGivenIsAsTheRunRecordedIt()
    {
        Dictionary<string, string> data = Told(Folder, s_recorded);
        Dictionary<string, string> recorded = Told(s_recorded with { Folder = Path.GetFullPath("d") });
        Assert.Equal(recorded, data);
    }

    [Fact]
    public void TheImagesAreDrawnByTheRunsSeedUnlessThereIsAnother()
    {
        (DataFlags flags, ParseResult parsed) = Parse(Folder);
        Assert.Equal(5UL, flags.Read(parsed, 5).SplitSeed);
        (flags, parsed) = Parse(Folder + " --split-seed 13");
        Assert.Equal(13UL, flags.Read(parsed, 5).SplitSeed);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void WhatADataSetCannotHaveIsRefusedByTheFlag(string words, string says)
    {
        (DataFlags flags, ParseResult parsed) = Parse(words);
        Assert.StartsWith(says, Assert.Throws<UsageException>(() => flags.Read(parsed, 0)).Message);
    }

    [Fact]
    public void ARunTrainsAndIsJudgedOnWhatTheFlagsLeave()
    {
        using var task = new TinyTask(train: 16, validation: 8, test: 4);
        JsonNode plan = CommandLine.Succeed(
            ["train", .. task.Train, "--max-images", "3", "--select-on", "test", "--dry-run", "--json"]).Json;
        JsonNode data = plan["data"]!;
        Assert.Equal(
            (2, 2 * 3, 4, 4),
            ((int)data["classes"]!, (int)data["train"]!, (int)data["validation"]!, (int)data["test"]!));
    }

    private static Dictionary<string, string> Told(string words, RunData? recorded)
    {
        (DataFlags flags, ParseResult parsed) = Parse(words);
        return Told(flags.Read(parsed, null, recorded));
    }

    private static Dictionary<string, string> Told(RunData data) =>
        RunJson.Write(data).ToDictionary(p => p.Key, p => p.Value?.ToString() ?? "null");

    private static (DataFlags Flags, ParseResult Parsed) Parse(string words)
    {
        var flags = new DataFlags();
        return (flags, FlagParsing.Parse(flags.All, words));
    }
}

using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Runs;

namespace VisionMamba.Tests.Cli;

/// <summary>Which images a model is measured on: those of its run, unless flags say others.</summary>
public sealed class MeasuredDataTests
{
    private static readonly RunData s_recorded = new("old", "DTD", 0.3, MaxClasses: 5, MaxImages: 7, SplitSeed: 4)
    {
        Partition = 3,
        Sample = "train8val2",
        MaxTest = 9,
    };

    [Fact]
    public void FlagsStandOverWhatTheRunRecorded()
    {
        RunData data = Read("--data new --partition 2");
        Assert.Equal(("DTD", 2, 5, 0.3, 4UL), (
            data.DataSet, data.Partition, data.MaxClasses, data.ValidationFraction, data.SplitSeed));
        Assert.Equal(("train8val2", 9), (data.Sample, data.MaxTest));
        Assert.Equal(Path.GetFullPath("new"), data.Folder);
    }

    /// <summary>A partition of DTD is none of another data set, and no flag could take it back.</summary>
    [Fact]
    public void NothingThatIsRecordedHoldsForAnotherDataSet()
    {
        RunData data = Read("--data new --data-set folder");
        Assert.Equal("folder", data.DataSet);
        Assert.Null(data.Partition);
        Assert.Null(data.Sample);
        Assert.Null(data.MaxClasses);
        Assert.Null(data.MaxTest);
        // Named again it is the same one.
        Assert.Equal(3, Read("--data new --data-set DTD").Partition);
    }

    private static RunData Read(string words)
    {
        var flags = new DataFlags();
        return flags.Read(FlagParsing.Parse(flags.All, words), seed: null, s_recorded);
    }
}

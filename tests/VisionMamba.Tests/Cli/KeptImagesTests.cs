using VisionMamba.Cli.Runs;
using VisionMamba.Cli.Studies.Automatic;
using VisionMamba.Cli.Verbs;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Procedural;

namespace VisionMamba.Tests.Cli;

/// <summary>What stays in memory between the runs of one process.</summary>
[Collection(CommandLine.Collection)]
public sealed class KeptImagesTests
{
    [Fact]
    public void ADataSetIsReadOnceAndItsPicturesAreKeptWithinTheBudget()
    {
        int read = 0;
        DatasetSplits Read()
        {
            read++;
            ImageDataset set = DemoImages.Create("kept", ShapePictures.DemoClasses, perClass: 1, seed: 1, stream: 1);
            return new DatasetSplits(set, set, null, "");
        }

        var data = new RunData("kept", null, 0.2, null, null, 1);
        using (KeptImages.Hold())
        {
            DatasetSplits first = KeptImages.Load(data, Read);
            Assert.Same(first.Train.Load(0), first.Train.Load(0));
            Assert.Same(first, KeptImages.Load(data, Read));
            Assert.Equal(1, read);
        }

        using (KeptImages.Hold(budget: 0))
        {
            DatasetSplits first = KeptImages.Load(data, Read);
            Assert.NotSame(first.Train.Load(0), first.Train.Load(0));
            Assert.Same(first, KeptImages.Load(data, Read));
            Assert.Equal(2, read);
        }
    }

    [Fact]
    public void AComparisonUnderAMemoryLimitKeepsNone()
    {
        AutoPlan Plan(params string[] given) => new(given, [], [], 10, 10, 0, 1);
        Assert.Equal(0, AutoSearch.KeptBytes(Plan("--epochs", "2", "--memory-limit", "2GB")));
        Assert.Equal(CachedImageSource.DefaultBudget, AutoSearch.KeptBytes(Plan("--epochs", "2")));
    }
}

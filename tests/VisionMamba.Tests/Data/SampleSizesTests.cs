using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;

namespace VisionMamba.Tests.Data;

public sealed class SampleSizesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SampleSizesTests()
    {
        foreach ((string part, int count) in new[] { ("train", 12), ("val", 6) })
        {
            foreach (string name in new[] { "a", "b", "c" })
            {
                // The last class has few.
                for (int i = 0; i < (name == "c" ? count / 3 : count); i++)
                    ImageWriter.WritePng(_folder.At($"{part}/{name}/{i:D2}.png"), TestPictures.Noise(4, 4, (ulong)i));
            }
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void DrawsDisjointPartsWhoseClassesTakeTurns()
    {
        DatasetSplits data = Load("train12val6", seed: 1);
        Assert.Equal((12, 6), (data.Train.Count, data.Validation.Count));
        Assert.Equal([4, 4, 4], data.Train.CountsPerClass);
        // Class c has no more than four.
        Assert.Equal([3, 3, 0], data.Validation.CountsPerClass);
        string[] train = [.. data.Train.Samples.Select(s => s.Path)];
        Assert.Empty(train.Intersect(data.Validation.Samples.Select(s => s.Path)));
        Assert.Equal(train.Order(StringComparer.Ordinal), train);
        Assert.Equal(train, Load("train12val6", seed: 1).Train.Samples.Select(s => s.Path));
        Assert.NotEqual(train, Load("train12val6", seed: 2).Train.Samples.Select(s => s.Path));
    }

    [Fact]
    public void WithoutATestPartTheDatasOwnValidationPartIsIt()
    {
        DatasetSplits data = Load("train6val3", seed: 1);
        Assert.Equal(14, data.Test!.Count);
        Assert.All(data.Test.Samples, s => Assert.Contains("val", s.Path));
        ImageDataset few = Load("train6val3", seed: 1, maxTest: 6).Test!;
        Assert.Equal([2, 2, 2], few.CountsPerClass);
        Assert.Equal(
            few.Samples.Select(s => s.Path), Load("train6val3", seed: 2, maxTest: 6).Test!.Samples.Select(s => s.Path));
    }

    [Theory]
    [InlineData("800", "must be like train800val200")]
    [InlineData("train0val2", "must be like train800val200")]
    [InlineData("train20val20", "needs 40 images")]
    public void WhatCannotBeDrawnIsSaid(string sample, string problem) =>
        Assert.Contains(problem, Assert.Throws<VisionMambaException>(() => Load(sample, seed: 0)).Message);

    [Fact]
    public void OtherChoicesOfTheSameImagesAreRefused()
    {
        var options = new DatasetOptions { Sample = SampleSizes.Vtab, MaxImagesPerClass = 3 };
        Assert.Contains("--sample: excludes", Assert.Throws<VisionMambaException>(
            () => DatasetLoader.Load(_folder.Path, null, options)).Message);
        Assert.Contains("--render-size: is for rendered", Assert.Throws<VisionMambaException>(
            () => DatasetLoader.Load(_folder.Path, null, new DatasetOptions { RenderSize = 32 })).Message);
    }

    private DatasetSplits Load(string sample, ulong seed, int? maxTest = null) => DatasetLoader.Load(
        _folder.Path, null, new DatasetOptions { Sample = SampleSizes.Parse(sample), Seed = seed, MaxTest = maxTest });
}

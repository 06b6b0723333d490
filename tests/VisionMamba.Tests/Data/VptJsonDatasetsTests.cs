using VisionMamba.Data.Datasets;

namespace VisionMamba.Tests.Data;

public sealed class VptJsonDatasetsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void NumbersSortAsNumbersAndPathsMayCountFromImages()
    {
        Splits("""{"b/1.jpg": 10, "a/1.jpg": 9, "a/2.jpg": 9}""", """{"a/3.jpg": 9}""", """{"b/2.jpg": 10}""");
        _folder.Touch("images/b/1.jpg", "images/a/1.jpg", "a/2.jpg", "images/a/3.jpg", "images/b/2.jpg");
        Assert.True(VptJsonDatasets.Detect(_folder.Path));
        DatasetSplits splits = DatasetLoader.Load(_folder.Path);
        Assert.Equal(["a", "b"], splits.Train.Classes);
        Assert.Equal([1, 0, 0], splits.Train.Samples.Select(s => s.Label));
        Assert.Equal(_folder.At(Path.Combine("images", "b/1.jpg")), splits.Train.Samples[0].Path);
        Assert.Equal(_folder.At("a/2.jpg"), splits.Train.Samples[2].Path);
        Assert.Equal((1, 1), (splits.Validation.Count, splits.Test!.Count));
    }

    [Fact]
    public void TextsSortByCodePointAndNamesComeFromClassesFile()
    {
        Splits("""{"x.jpg": "010", "y.jpg": "002"}""", """{"x.jpg": "010"}""", null);
        _folder.Touch("x.jpg", "y.jpg");
        _folder.Write("classes.txt", "2 002.Laysan_Albatross\n10 010.Red_winged Blackbird\n11 011.Other\n");
        DatasetSplits splits = VptJsonDatasets.Load(_folder.Path);
        Assert.Equal(["Laysan_Albatross", "Red_winged Blackbird"], splits.Train.Classes);
        Assert.Equal([1], splits.Validation.Samples.Select(s => s.Label));
        Assert.Null(splits.Test);
    }

    [Fact]
    public void NamesOfFoldersLoseTheirSynset()
    {
        Splits("""{"n02085620-Chihuahua/1.jpg": 0, "n02086240-Shih-Tzu/1.jpg": 1}""",
            """{"n02085620-Chihuahua/1.jpg": 0}""", null);
        _folder.Touch("images/n02085620-Chihuahua/1.jpg", "images/n02086240-Shih-Tzu/1.jpg");
        Assert.Equal(["Chihuahua", "Shih-Tzu"], VptJsonDatasets.Load(_folder.Path).Train.Classes);
    }

    [Fact]
    public void WithoutNamesIdsServeAndWithoutValidationPartIsHeldOut()
    {
        Splits("""{"1.jpg": 7, "2.jpg": 7, "3.jpg": 5, "4.jpg": 5}""", null, null);
        _folder.Touch("1.jpg", "2.jpg", "3.jpg", "4.jpg");
        DatasetSplits splits = VptJsonDatasets.Load(_folder.Path);
        Assert.Equal(["5", "7"], splits.Train.Classes);
        Assert.Equal([1, 1], splits.Validation.CountsPerClass);
        DatasetSplits limited = VptJsonDatasets.Load(_folder.Path, new DatasetOptions { OnlyClasses = ["7"] });
        Assert.Equal(["7"], limited.Train.Classes);
        Assert.Equal((1, 1), (limited.Train.Count, limited.Validation.Count));
    }

    [Theory]
    [InlineData("2 of 3 image files are missing, the first is", """{"1.jpg": 1, "2.jpg": 1, "3.jpg": 2}""")]
    [InlineData("is not in train.json", """{"1.jpg": 1}""", """{"1.jpg": 3}""")]
    [InlineData("is not valid JSON (line 1)", """{"1.jpg": """)]
    [InlineData("is not a JSON object", "[1]")]
    [InlineData("lists no images", "{}")]
    [InlineData("neither a whole number nor a text", """{"1.jpg": 1.5}""")]
    [InlineData("partly numbers, partly texts", """{"1.jpg": 1, "2.jpg": "1"}""")]
    public void ABadFileGetsOneLine(string says, string train, string? validation = null)
    {
        Splits(train, validation, null);
        _folder.Touch("1.jpg");
        var error = Assert.Throws<VisionMambaException>(() => VptJsonDatasets.Load(_folder.Path));
        Assert.Contains(says, error.Message);
        Assert.Contains(_folder.Path, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    private void Splits(string train, string? validation, string? test)
    {
        _folder.Write("train.json", train);
        if (validation is not null)
            _folder.Write("val.json", validation);
        if (test is not null)
            _folder.Write("test.json", test);
    }
}

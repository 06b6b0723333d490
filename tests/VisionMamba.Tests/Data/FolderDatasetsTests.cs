using VisionMamba.Data.Datasets;

namespace VisionMamba.Tests.Data;

public sealed class FolderDatasetsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadsTrainValAndTest()
    {
        _folder.Touch("train/b/1.png", "train/a/2.JPEG", "train/a/1.jpg", "val/a/3.png", "test/b/4.webp");
        DatasetSplits splits = FolderDatasets.Load(_folder.Path);
        Assert.Equal(["a", "b"], splits.Train.Classes);
        Assert.Equal(["train/a/1.jpg:0", "train/a/2.JPEG:0", "train/b/1.png:1"], Shown(splits.Train));
        Assert.Equal(["val/a/3.png:0"], Shown(splits.Validation));
        Assert.Equal(["test/b/4.webp:1"], Shown(splits.Test!));
        Assert.Equal([2, 1], splits.Train.CountsPerClass);
        Assert.Equal("train: train/ (3); validation: val/ (1); test: as given (1)", splits.Description);
    }

    [Theory]
    [InlineData("validation")]
    [InlineData("valid")]
    [InlineData("Val")]
    public void OtherNamesOfValidationAreKnown(string name)
    {
        _folder.Touch("train/a/1.png", $"{name}/a/2.png");
        Assert.Equal([$"{name}/a/2.png:0"], Shown(FolderDatasets.Load(_folder.Path).Validation));
    }

    [Fact]
    public void WithoutValidationPartOfTrainIsHeldOutAndTestIsLeftAlone()
    {
        Fill("train", ("a", 10), ("b", 5));
        _folder.Touch("test/a/x.png");
        DatasetSplits splits = FolderDatasets.Load(_folder.Path, 0.2);
        Assert.Equal([8, 4], splits.Train.CountsPerClass);
        Assert.Equal([2, 1], splits.Validation.CountsPerClass);
        Assert.Equal(["test/a/x.png:0"], Shown(splits.Test!));
        Assert.Contains("validation: 0.2 of each class of train/, seed 0 (3)", splits.Description);
    }

    [Fact]
    public void ClassFoldersAloneAreSplitBySeed()
    {
        Fill(".", ("a", 30), ("b", 30));
        string[] first = Shown(FolderDatasets.Load(_folder.Path, 0.3, 1).Validation);
        Assert.Equal(18, first.Length);
        Assert.Equal(first, Shown(FolderDatasets.Load(_folder.Path, 0.3, 1).Validation));
        Assert.NotEqual(first, Shown(FolderDatasets.Load(_folder.Path, 0.3, 2).Validation));
        Assert.Null(FolderDatasets.Load(_folder.Path, 0.3, 1).Test);
    }

    [Fact]
    public void ClassesAreSortedByCodePoint()
    {
        string[] names = ["B", "a", "_", "10", "9", "\u00E9", "\uFF5E", "\U0001F600"];
        foreach (string name in names.Reverse())
            _folder.Touch($"train/{name}/1.png", $"val/{name}/1.png");
        Assert.Equal(["10", "9", "B", "_", "a", "\u00E9", "\uFF5E", "\U0001F600"],
            FolderDatasets.Load(_folder.Path).Train.Classes);
    }

    [Fact]
    public void HiddenFilesOtherFilesAndEmptyFoldersAreIgnoredNestedOnesRead()
    {
        _folder.Touch("train/a/.hidden.png", "train/a/notes.txt", "train/a/deep/er/1.png", "train/a/z.png",
            "train/.cache/1.png", "train/readme.md", "train/stray.png", "val/a/1.png", "train/a/deep/0.PPM");
        Directory.CreateDirectory(_folder.At("train/empty"));
        Directory.CreateDirectory(_folder.At("val/unused"));
        DatasetSplits splits = FolderDatasets.Load(_folder.Path);
        Assert.Equal(["a"], splits.Train.Classes);
        Assert.Equal(["train/a/z.png:0", "train/a/deep/0.PPM:0", "train/a/deep/er/1.png:0"], Shown(splits.Train));
    }

    [Fact]
    public void JfifIsJpegAndTiffIsListedAsAnImageThatCannotBeRead()
    {
        _folder.Touch("train/a/1.JFIF", "train/a/2.tif", "val/a/1.png");
        ImageDataset train = FolderDatasets.Load(_folder.Path).Train;
        Assert.Equal(["train/a/1.JFIF:0", "train/a/2.tif:0"], Shown(train));
        File.WriteAllBytes(_folder.At("train/a/2.tif"), "II*\0 and so on"u8.ToArray());
        Assert.Equal(
            $"{_folder.At("train/a/2.tif")}: TIFF images are not read; convert it to PNG",
            Assert.Throws<VisionMambaException>(() => train.Load(1)).Message);
    }

    [Fact]
    public void WhatIsNotTakenIsCounted()
    {
        _folder.Touch("train/a/1.png", "train/a/2.heic", "train/a/deep/3.HEIC", "train/a/4.svg", "train/a/LICENSE",
            "train/b/5.avif", "train/stray.jpg", "train/stray.tga", "val/a/1.png", "loose.png", "eval/a/1.png",
            "eval/a/2.png", "notes/readme.txt", "readme.md", "train/a/Thumbs.db", "train/a/.DS_Store",
            "train/__MACOSX/._1.png", "train/.hidden/1.heic");
        Directory.CreateDirectory(_folder.At("val/empty"));
        Assert.Equal(
            [
                "./: images beside train/, val/ and test/ (1)", "eval/: images in a folder that is no part (2)",
                "train/: images beside the class folders (2)", "train/a/: .heic (2)", "train/a/: .svg (1)",
                "train/a/: files without an ending (1)", "train/b/: .avif (1)",
                "train/b/: class folders without an image (1)", "val/empty/: class folders without an image (1)",
            ],
            FolderDatasets.Load(_folder.Path).NotTaken.Select(item => item.ToString()).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(
            FolderDatasets.Load(_folder.Path, new DatasetOptions { OnlyClasses = ["a"] }).NotTaken,
            item => item.Place == "train/b/");
    }

    [Fact]
    public void ALinkNeverMultipliesImages()
    {
        _folder.Touch("data/a/1.png", "data/a/2.png", "data/b/1.png", "data/b/2.png", "far/3.png", "far/deep/4.png");
        foreach ((string link, string to) in new[]
        {
            ("data/a/loop", "../a"), ("data/a/up", ".."), ("data/a/self", "self"), ("data/a/0.png", "1.png"),
            ("data/a/far", "../../far"), ("data/a/farther", "../../far"), ("data/b/3.png", "../../far/3.png"),
            ("data/b/gone.png", "nothing.png"), ("data/all", "."),
        })
            File.CreateSymbolicLink(_folder.At(link), to);
        DatasetSplits splits = FolderDatasets.Load(_folder.At("data"));
        Assert.Equal(
            [
                "data/a/0.png:0", "data/a/2.png:0", "data/a/far/3.png:0", "data/a/far/deep/4.png:0", "data/b/1.png:1",
                "data/b/2.png:1", "data/b/3.png:1", "data/b/gone.png:1",
            ],
            Shown(splits.Train).Concat(Shown(splits.Validation)).Order(StringComparer.Ordinal));
        Assert.Contains("a/: links to images that are taken already (1)", splits.NotTaken.Select(i => i.ToString()));
        Assert.Contains("a/: links to folders that are read already (3)", splits.NotTaken.Select(i => i.ToString()));
        string gone = splits.Train.Samples.Concat(splits.Validation.Samples)
            .Single(s => s.Path.EndsWith("gone.png", StringComparison.Ordinal)).Path;
        Assert.Equal(
            $"{gone}: is a link to nothing.png, which is not there; put the image there or remove the link",
            Assert.Throws<VisionMambaException>(() => FileImageSource.Instance.Load(0, new Sample(gone, 0))).Message);
    }

    /// <summary>Trains and cars: what holds images and no classes is a class beside other classes.</summary>
    [Theory]
    [InlineData("bus", "car", "train")]
    [InlineData("invalid", "valid")]
    [InlineData("other", "test", "train")]
    public void AClassMayBeCalledAsAPartIs(params string[] classes)
    {
        foreach (string name in classes)
            _folder.Touch($"{name}/1.png", $"{name}/2.png");
        DatasetSplits splits = FolderDatasets.Load(_folder.Path);
        Assert.Equal(classes, splits.Train.Classes);
        Assert.Null(splits.Test);
        Assert.Equal(2 * classes.Length, splits.Train.Count + splits.Validation.Count);
    }

    [Fact]
    public void ClassesAndImagesCanBeLimited()
    {
        Fill("train", ("a", 6), ("b", 6), ("c", 6));
        Fill("val", ("a", 2), ("b", 2), ("c", 2));
        var options = new DatasetOptions { OnlyClasses = ["c", "a"], MaxImagesPerClass = 4 };
        DatasetSplits splits = FolderDatasets.Load(_folder.Path, options);
        Assert.Equal(["a", "c"], splits.Train.Classes);
        Assert.Equal([4, 4], splits.Train.CountsPerClass);
        Assert.Equal([2, 2], splits.Validation.CountsPerClass);
        var two = new DatasetOptions { MaxClasses = 2 };
        Assert.Equal(["a", "b"], FolderDatasets.Load(_folder.Path, two).Train.Classes);
    }

    [Theory]
    [InlineData("has val/ but no train/", "val/a/1.png")]
    [InlineData("has test/ but no train/", "test/a/1.png")]
    [InlineData("holds no class folder with images", "1.png")]
    [InlineData("holds no class folder with images", "train/1.png", "val/a/1.png")]
    [InlineData("the class \"b\" is not among the training classes", "train/a/1.png", "val/b/1.png")]
    [InlineData("has both val/ and validation/", "train/a/1.png", "val/a/1.png", "validation/a/1.png")]
    [InlineData("holds no images of the training classes", "train/a/1.png", "val/a/notes.txt")]
    [InlineData("every class has a single image", "a/1.png", "b/1.png")]
    [InlineData("its 2 images lie loose: give the folder above it", "1.png", "2.png")]
    public void AWrongLayoutGetsOneLine(string says, params string[] files)
    {
        _folder.Touch(files);
        var error = Assert.Throws<VisionMambaException>(() => FolderDatasets.Load(_folder.Path));
        Assert.Contains(says, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void WrongChoicesAreNamed()
    {
        _folder.Touch("a/1.png", "a/2.png");
        Assert.Contains("no such folder",
            Assert.Throws<VisionMambaException>(() => FolderDatasets.Load(_folder.At("none"))).Message);
        Assert.Contains("is a file",
            Assert.Throws<VisionMambaException>(() => FolderDatasets.Load(_folder.At("a/1.png"))).Message);
        var only = new DatasetOptions { OnlyClasses = ["zebra"] };
        Assert.Contains("\"zebra\"",
            Assert.Throws<VisionMambaException>(() => FolderDatasets.Load(_folder.Path, only)).Message);
        Assert.Throws<VisionMambaException>(() => FolderDatasets.Load(_folder.Path, 0));
        Assert.Contains("use one of folder, vpt-json",
            Assert.Throws<VisionMambaException>(() => DatasetLoader.Load(_folder.Path, "cub")).Message);
    }

    private void Fill(string part, params (string Class, int Count)[] classes)
    {
        foreach ((string name, int count) in classes)
            for (int i = 0; i < count; i++)
                _folder.Touch($"{part}/{name}/{i}.png");
    }

    private string[] Shown(ImageDataset data) =>
        [.. data.Samples.Select(s => $"{Path.GetRelativePath(_folder.Path, s.Path).Replace('\\', '/')}:{s.Label}")];
}

using VisionMamba.Data.Datasets;

namespace VisionMamba.Tests.Data.Datasets;

public sealed class DatasetCheckTests : IDisposable
{
    private const string Ppm = "P3 1 1 255 1 2 3\n";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AFolderThatIsWholeIsComplete()
    {
        _folder.Write("train/a/1.ppm", Ppm);
        _folder.Write("train/b/1.ppm", Ppm);
        _folder.Write("val/b/2.ppm", Ppm);
        int most = 0;
        CheckReport report = Check("folder", (done, total) => most = Math.Max(most, done + total));
        Assert.True(report.Complete);
        Assert.Equal(6, most);
        Assert.Equal([("train", 2), ("validation", 1)], report.Parts.Select(part => (part.Name, part.Images)));
        Assert.Equal([0, 1], report.Parts[1].Counts);
    }

    [Fact]
    public void EveryUnreadableImageIsNamed()
    {
        _folder.Write("a/1.ppm", Ppm);
        _folder.Write("a/2.ppm", "P6 9 9 255 ");
        _folder.Write("b/3.jpg", "no picture");
        CheckReport report = Check("folder");
        Assert.Equal(
            [_folder.At("a/2.ppm"), _folder.At("b/3.jpg")],
            report.Parts[0].Unreadable.Select(line => line.Split(": ")[0]));
        Assert.Equal(
            $"train: 2 images cannot be read, the first: {report.Parts[0].Unreadable[0]}",
            Assert.Single(report.Problems));
    }

    [Theory]
    [InlineData("", "images", "perhaps {0}/images", "images/a/1.ppm", "images/b/1.ppm")]
    [InlineData("", "images", "perhaps {0}/images/all", "images/all/a/1.ppm", "images/all/b/1.ppm")]
    [InlineData("", "images", "perhaps {0}/images", "images/train/a/1.ppm", "images/train/b/1.ppm")]
    [InlineData("", "images", "perhaps {0}/train/images", "train/images/a/1.ppm", "train/images/b/1.ppm")]
    [InlineData("all/a", "more", "perhaps {0}/all", "all/a/1.ppm", "all/a/more/2.ppm", "all/b/1.ppm")]
    [InlineData("", "a", "two or more, each with a folder of its own", "a/1.ppm", "a/2.ppm")]
    [InlineData("", "a", "two or more, each with a folder of its own", "a/more/1.ppm", "a/more/2.ppm")]
    public void OneClassIsAProblemThatNamesTheFolderThatWasMeant(
        string dir, string name, string says, params string[] files)
    {
        foreach (string file in files)
            _folder.Write(file, Ppm);
        CheckReport report = DatasetCheck.Run(
            "folder", _folder.At(dir), threads: 1, cancel: TestContext.Current.CancellationToken);
        string problem = Assert.Single(report.Problems);
        Assert.StartsWith($"{_folder.At(dir)}: has one class only ('{name}'); give ", problem);
        Assert.EndsWith(says.Replace("{0}", _folder.Path), problem);
    }

    [Fact]
    public void CountsAreHeldAgainstThePublishedOnes()
    {
        _folder.Write("labels/train1.txt", "banded/1.ppm\nbanded/2.ppm\n");
        _folder.Write("labels/val1.txt", "banded/1.ppm\n");
        _folder.Write("labels/test1.txt", "banded/1.ppm\n");
        _folder.Write("images/banded/1.ppm", Ppm);
        CheckReport report = Check("dtd");
        Assert.Contains("1 classes where 47 are published", report.Problems);
        Assert.Contains("train: train1.txt has 2 images where 1880 are published", report.Problems);
        Assert.Contains(
            $"train: 1 images are missing, the first is {_folder.At("images/banded/2.ppm")}", report.Problems);
        Assert.Equal([_folder.At("images/banded/2.ppm")], report.Parts[0].Missing);
        Assert.Equal([1880], report.Parts[2].Published);
    }

    [Fact]
    public void AMissingPartAndUnevenClassesAreProblems()
    {
        // 47 classes and the published 1,880 images, but 41 of one and 39 of another.
        string[] lines = [.. Enumerable.Range(0, 1880).Select(i => $"{(i == 0 ? 1 : i % 47):00}/{i}.ppm")];
        foreach (string part in (string[])["train", "val", "test"])
            _folder.Write($"labels/{part}1.txt", string.Join('\n', lines));
        Assert.Contains("train: 2 classes do not have the published 40 images", Check("DTD").Problems);
        _folder.Write("FGVC/CUB_200_2011/train.json", """{"a/1.ppm": 1}""");
        Assert.Contains("test: the part is missing", Check("CUB200").Problems);
    }

    [Fact]
    public void WhatCannotBeReadAtAllIsTheProblem()
    {
        CheckReport report = Check("SVHN");
        Assert.Contains("holds no data set SVHN (looked for train_32x32.mat", Assert.Single(report.Problems));
        Assert.Equal("  train_32x32.mat", report.Card!.Layout[1]);
    }

    private CheckReport Check(string name, Action<int, int>? progress = null) =>
        DatasetCheck.Run(
            name, _folder.Path, threads: 2, progress: progress, cancel: TestContext.Current.CancellationToken);
}

using VisionMamba.Data.Datasets;

namespace VisionMamba.Tests.Data.Datasets;

/// <summary>The layouts whose images are files: FGVC, DTD, Food-101, GTSRB, iNaturalist, ImageNet, VTAB-1k.</summary>
public sealed class ListedDatasetsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("FGVC/CUB_200_2011/")]
    [InlineData("CUB_200_2011/")]
    [InlineData("")]
    public void Cub(string place)
    {
        _folder.Write(place + "train.json", """{"002.B/1.jpg": "002", "001.A/1.jpg": "001"}""");
        _folder.Write(place + "train_0.1.json", """{"002.B/1.jpg": "002"}""");
        _folder.Write(place + "val.json", """{"001.A/2.jpg": "001"}""");
        _folder.Write(place + "test.json", """{"002.B/3.jpg": "002"}""");
        _folder.Write(place + "classes.txt", "1 001.A\n2 002.B\n");
        _folder.Touch([.. ((string[])["002.B/1.jpg", "001.A/1.jpg", "001.A/2.jpg", "002.B/3.jpg"])
            .Select(file => place + "images/" + file)]);
        DatasetSplits splits = DatasetLoader.Load(_folder.Path, "cub200");
        Assert.Equal(["A", "B"], splits.Train.Classes);
        Assert.Equal("1 0", Labels(splits.Train));
        Assert.Equal("train: train.json (2); validation: val.json (1); test: as given (1)", splits.Description);
        // The classes stay those of train.json though train_0.1.json has only one.
        DatasetSplits few = DatasetLoader.Load(_folder.Path, "CUB200", new DatasetOptions { TrainPercent = 0.1 });
        Assert.Equal((2, 1, 1), (few.Train.Classes.Count, few.Train.Count, few.Train.Samples[0].Label));
        Fails("CUB200", "there are train_0.1.json", new DatasetOptions { TrainPercent = 0.7 });
    }

    [Fact]
    public void CarsLeaveTheirValidationImagesOutOfTraining()
    {
        _folder.Write("train.json", """{"car_ims/1.jpg": 1, "car_ims/2.jpg": 2, "car_ims/3.jpg": 2}""");
        _folder.Write("val.json", """{"car_ims/3.jpg": 2}""");
        _folder.Write("test.json", """{"car_ims/4.jpg": 1}""");
        _folder.Touch("car_ims/1.jpg", "car_ims/2.jpg", "car_ims/3.jpg", "car_ims/4.jpg");
        DatasetSplits splits = DatasetLoader.Load(_folder.Path, "CARS");
        Assert.Equal("0 1", Labels(splits.Train));
        Assert.Contains("train.json without 1 images of the validation part (2)", splits.Description);
        DatasetSplits released = DatasetLoader.Load(_folder.Path, "CARS", new DatasetOptions { SelectOnTest = true });
        Assert.Equal((3, 1), (released.Train.Count, released.Validation.Count));
        DatasetSplits all = DatasetLoader.Load(_folder.Path, "CARS", new DatasetOptions { TrainOnValidation = true });
        Assert.Equal(3, all.Train.Count);
    }

    [Fact]
    public void PublishedNamesOfClasses()
    {
        IEnumerable<string> entries = Enumerable.Range(1, 102).Select(i => $"\"jpg/{i}.jpg\": {i}");
        _folder.Write("train.json", "{" + string.Join(',', entries) + "}");
        _folder.Write("val.json", """{"jpg/1.jpg": 1}""");
        _folder.Touch([.. Enumerable.Range(1, 102).Select(i => $"jpg/{i}.jpg")]);
        IReadOnlyList<string> names = DatasetLoader.Load(_folder.Path, "FLOWERS").Train.Classes;
        Assert.Equal(("pink primrose", "blackberry lily", 102), (names[0], names[101], names.Distinct().Count()));
    }

    [Fact]
    public void Dtd()
    {
        _folder.Write("dtd/dtd/labels/train1.txt", "zigzagged/a.jpg\nbanded/a.jpg\n");
        _folder.Write("dtd/dtd/labels/val1.txt", "banded/b.jpg\n");
        _folder.Write("dtd/dtd/labels/test1.txt", "zigzagged/c.jpg\n\n");
        Images("dtd/dtd/images/", "zigzagged/a.jpg", "banded/a.jpg", "banded/b.jpg", "zigzagged/c.jpg");
        DatasetSplits splits = DatasetLoader.Load(_folder.Path, "DTD");
        Assert.Equal(["banded", "zigzagged"], splits.Train.Classes);
        Assert.Equal("1 0", Labels(splits.Train));
        Assert.Equal(("0", "1"), (Labels(splits.Validation), Labels(splits.Test!)));
        Fails("DTD", "holds no data set DTD", new DatasetOptions { Partition = 2 });
        _folder.Write("dtd/dtd/labels/val1.txt", "woven/b.jpg\n");
        Fails("DTD", "val1.txt: line 1 (woven/b.jpg)");
        File.Delete(_folder.At("dtd/dtd/images/banded/a.jpg"));
        Fails("DTD", "train1.txt: 1 of 2 image files are missing, the first is");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Food(bool json)
    {
        string[] train = [.. Enumerable.Range(0, 10).Select(i => $"{(i < 5 ? "b" : "a")}/{i}")];
        if (json)
        {
            static string Quoted(string[] names) => string.Join(',', names.Select(name => $"\"{name}\""));
            _folder.Write("food-101/meta/train.json", $$"""
                {"b": [{{Quoted(train[..5])}}], "a": [{{Quoted(train[5..])}}]}
                """);
            _folder.Write("food-101/meta/test.json", """{"b": ["b/99"], "a": []}""");
        }
        else
        {
            _folder.Write("food-101/meta/train.txt", string.Join('\n', train));
            _folder.Write("food-101/meta/test.txt", "b/99\n");
        }

        Images("food-101/images/", [.. train.Append("b/99").Select(name => name + ".jpg")]);
        DatasetSplits splits = DatasetLoader.Load(_folder.Path, "FOOD");
        Assert.Equal(["a", "b"], splits.Train.Classes);
        Assert.Equal([4, 4], splits.Train.CountsPerClass);
        Assert.Equal([1, 1], splits.Validation.CountsPerClass);
        Assert.Equal("1", Labels(splits.Test!));
        var options = new DatasetOptions { TrainFraction = 0.75, Seed = 3 };
        DatasetSplits released = DatasetLoader.Load(_folder.Path, "FOOD", options);
        Assert.Equal((7, 3), (released.Train.Count, released.Validation.Count));
        Assert.Empty(released.Train.Samples.Intersect(released.Validation.Samples));
        Assert.Equal(released.Train.Samples, DatasetLoader.Load(_folder.Path, "FOOD", options).Train.Samples);
        Assert.NotEqual(
            released.Train.Samples, DatasetLoader.Load(_folder.Path, "FOOD", options with { Seed = 4 }).Train.Samples);
        Fails("FOOD", "leaves nothing to validate on", new DatasetOptions { TrainFraction = 1 });
    }

    [Fact]
    public void Gtsrb()
    {
        Images("gtsrb/GTSRB/Training/",
            "00000/00000_00000.ppm", "00000/00000_00001.ppm", "00014/00000_00000.ppm", "00014/00001_00000.ppm");
        _folder.Write("gtsrb/GTSRB/Training/00014/GT-00014.csv",
            "Filename;Width;ClassId\n00000_00000.ppm;30;14\n00001_00000.ppm;31;14\n");
        _folder.Write("gtsrb/GT-final_test.csv",
            "Filename;Width;Height;ClassId\r\n00000.ppm;53;54;16\r\n00001.ppm;42;45;0\r\n");
        Images("gtsrb/GTSRB/Final_Test/Images/", "00000.ppm", "00001.ppm");
        DatasetSplits splits = DatasetLoader.Load(_folder.Path, "GTSRB");
        Assert.Equal((43, "Stop"), (splits.Train.Classes.Count, splits.Train.Classes[14]));
        Assert.Equal("0 14", Labels(splits.Train));
        Assert.Equal("0 14", Labels(splits.Validation));
        Assert.Equal("16 0", Labels(splits.Test!));
        _folder.Write("gtsrb/GT-final_test.csv", "Filename;Width;Height;ClassId\n00000.ppm;53;54;43\n");
        Fails("GTSRB", "line 2 has the class 43");
        _folder.Write("gtsrb/GTSRB/Training/00014/GT-00014.csv", "Filename;Width;ClassId\n00000_00000.ppm;30;14\n");
        Fails("GTSRB", "lists 1 images where the folder has 2");
        _folder.Write("gtsrb/GTSRB/Training/00014/GT-00014.csv", "Filename;Width;ClassId\nother.ppm;30;14\n");
        Fails("GTSRB", "line 2 lists other.ppm with class 14, but there is no such file");
        File.Delete(_folder.At("gtsrb/GTSRB/Training/00014/GT-00014.csv"));
        Images("gtsrb/GTSRB/Training/", "00043/a.ppm");
        Fails("GTSRB", "is not one of the class folders");
    }

    [Fact]
    public void INaturalist()
    {
        const string categories = """[{"id": 0, "name": "c0", "genus": "g"}, {"id": 1, "name": "c1", "genus": "g"}, """
            + """{"id": 2, "name": "c2", "genus": "h"}]""";
        _folder.Write("train2018.json",
            """{"images": [{"id": 7, "file_name": "train_val2018/Aves/2/a.jpg"}, """
            + """{"id": 8, "file_name": "train_val2018/Aves/0/b.jpg"},""" + "\n"
            + """            {"id": 9, "file_name": "train_val2018/Aves/1/c.jpg"}],""" + "\n"
            + """ "annotations": [{"image_id": 7, "category_id": 2}, {"image_id": 8, "category_id": 0}, """
            + """{"image_id": 9, "category_id": 1}]}""");
        _folder.Write("val2018.json",
            """{"images": [{"id": 1, "file_name": "train_val2018/Aves/1/d.jpg"}],"""
            + """ "annotations": [{"image_id": 1, "category_id": 1}]}""");
        _folder.Write("categories.json", categories);
        _folder.Touch("train_val2018/Aves/2/a.jpg", "train_val2018/0/b.jpg",
            "train_val2018/Aves/1/c.jpg", "train_val2018/1/d.jpg");
        DatasetSplits splits = DatasetLoader.Load(_folder.Path, "INAT");
        Assert.Equal(["c2", "c0", "c1"], splits.Train.Classes); // by first appearance
        Assert.Equal(("0 1 2", "2"), (Labels(splits.Train), Labels(splits.Validation)));
        Assert.Equal(_folder.At("train_val2018/0/b.jpg"), splits.Train.Samples[1].Path);
        Assert.Null(splits.Test);
        DatasetSplits genera = DatasetLoader.Load(_folder.Path, "INAT", new DatasetOptions { InatCategory = "genus" });
        Assert.Equal(["h", "g"], genera.Train.Classes);
        Assert.Equal("0 1 1", Labels(genera.Train));
        Fails("INAT", "have no \"rank\"; they have id, name, genus", new DatasetOptions { InatCategory = "rank" });
        _folder.Write("categories.json", """[{"id": 0, "name": "c0"}]""");
        Fails("INAT", "has the category 2, which the list of categories lacks");
        _folder.Write("val2018.json", """{"images": [{"id": 1, "file_name": "x/y/z/d.jpg"}], "annotations": []}""");
        Fails("INAT", "1 images have no annotation");
    }

    [Fact]
    public void ImageNet()
    {
        _folder.Touch("train/n01/a.JPEG", "train/n02/b.JPEG", "val/n02/c.JPEG");
        DatasetSplits splits = DatasetLoader.Load(_folder.Path, "IMNET");
        Assert.Equal(("0 1", "1"), (Labels(splits.Train), Labels(splits.Validation)));
        Fails("IMNET", "has no test part to select on", new DatasetOptions { SelectOnTest = true });
    }

    [Fact]
    public void Vtab()
    {
        const string root = "VTAB/vtab-1k/kitti/";
        _folder.Write(root + "train800.txt",
            "images/train800val200/000000.png 3\nimages/train800val200/000001.png 0\n");
        _folder.Write(root + "val200.txt", "images/train800val200/000002.png 1\n");
        _folder.Write(root + "train800val200.txt",
            "images/train800val200/000002.png 1\nimages/train800val200/000000.png 3\n"
            + "images/train800val200/000001.png 0\n");
        _folder.Write(root + "test.txt", "images/test/000000.png 2\n");
        Images(root + "images/",
            "train800val200/000000.png", "train800val200/000001.png", "train800val200/000002.png", "test/000000.png");
        DatasetSplits splits = DatasetLoader.Load(_folder.Path, "VTAB_kitti");
        Assert.Equal(4, splits.Train.Classes.Count);
        Assert.Equal(("3 0", "1", "2"), (Labels(splits.Train), Labels(splits.Validation), Labels(splits.Test!)));
        DatasetSplits released = DatasetLoader.Load(
            _folder.Path, "VTAB_KITTI_Dist", new DatasetOptions { SelectOnTest = true });
        Assert.Equal(("1 3 0", "2"), (Labels(released.Train), Labels(released.Validation)));
        DatasetSplits all = DatasetLoader.Load(
            _folder.Path, "VTAB_kitti", new DatasetOptions { TrainOnValidation = true });
        Assert.Equal(("1 3 0", "1"), (Labels(all.Train), Labels(all.Validation)));
        _folder.Write(root + "test.txt", "images/test/000000.png 4\n");
        Fails("VTAB_kitti", "test.txt: line 1 has the label 4, which is not 0 ... 3");
        _folder.Write(root + "test.txt", "images/test/000000.png\n");
        Fails("VTAB_kitti", "is not \"path label\"");
        File.Delete(_folder.At(root + "test.txt"));
        Fails("VTAB_kitti", "test.txt: no such file");
    }

    [Fact]
    public void AllNamesAreKnownAndHaveCards()
    {
        string[] rendered = [.. DatasetLoader.Names.Where(ProceduralDatasets.Has)];
        Assert.Equal(4, rendered.Length);
        Assert.Equal(16 + 19 + rendered.Length, DatasetLoader.Names.Count);
        foreach (string name in DatasetLoader.Names.Except(["folder", "vpt-json", .. rendered]))
        {
            DatasetCard card = DatasetCard.Of(name)!;
            Assert.True(card.Classes > 1 && card.Layout.Count > 1, name);
            Fails(name, $"holds no data set {name} (looked for");
        }

        Assert.Equal(
            DatasetCard.Names.Order(), DatasetLoader.Names.Except(["folder", "vpt-json", .. rendered]).Order());
        foreach ((string task, int classes, _) in VtabDatasets.Tasks)
            Assert.Equal(classes, DatasetCard.Of("VTAB_" + task)!.Classes);
        Fails("nothing", "data set \"nothing\" is not known; use one of folder");
        Fails("VTAB_nothing", "VTAB-1k's are VTAB_cifar");
    }

    [Theory]
    [InlineData("DTD", "--train-percent: is for sets with VPT's JSON splits")]
    [InlineData("CUB200", "--partition: is for DTD")]
    [InlineData("FOOD", "--inat-category: is for INAT and INAT19")]
    public void AFlagThatDoesNotFitIsRefused(string name, string says) => Fails(name, says, new DatasetOptions
    {
        TrainPercent = name == "DTD" ? 0.1 : null,
        Partition = name == "CUB200" ? 2 : null,
        InatCategory = name == "FOOD" ? "name" : null,
    });

    private static string Labels(ImageDataset set) => string.Join(' ', set.Samples.Select(s => s.Label));

    private void Images(string place, params string[] files) => _folder.Touch([.. files.Select(file => place + file)]);

    private void Fails(string name, string says, DatasetOptions? options = null)
    {
        var error = Assert.Throws<VisionMambaException>(() => DatasetLoader.Load(_folder.Path, name, options));
        Assert.Contains(says, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }
}

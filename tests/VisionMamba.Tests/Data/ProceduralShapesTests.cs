using VisionMamba.Data;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Data;

public class ProceduralShapesTests
{
    public static TheoryData<string> Everything =>
        [.. ProceduralShapes.PretrainClasses, .. ProceduralShapes.DemoClasses];

    [Theory]
    [MemberData(nameof(Everything))]
    public void TheSameNumbersGiveTheSamePictureOthersAnother(string name)
    {
        var rng = new Rng(3, 14);
        byte[] first = ProceduralShapes.Render(name, 64, rng).Pixels;
        Assert.Equal(first, ProceduralShapes.Render(name, 64, rng).Pixels);
        Assert.NotEqual(first, ProceduralShapes.Render(name, 64, rng.Derive(1)).Pixels);
    }

    [Fact]
    public void NoClassServesBothPurposes() =>
        Assert.Empty(ProceduralShapes.PretrainClasses.Intersect(ProceduralShapes.DemoClasses));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void MeanColourDoesNotGiveTheClassAway(bool demo)
    {
        IReadOnlyList<string> classes = demo ? ProceduralShapes.DemoClasses : ProceduralShapes.PretrainClasses;
        double[][][] train = Colours(classes, 40, 1), test = Colours(classes, 40, 2);
        double[][] centres =
            [.. train.Select(of => Enumerable.Range(0, 3).Select(c => of.Average(p => p[c])).ToArray())];
        int right = 0;
        for (int label = 0; label < classes.Count; label++)
            foreach (double[] picture in test[label])
                right += Nearest(centres, picture) == label ? 1 : 0;
        double accuracy = right / (40.0 * classes.Count);
        Assert.True(
            accuracy < 1.6 / classes.Count, $"nearest mean colour: {accuracy:0.000}, chance {1.0 / classes.Count}");
    }

    [Fact]
    public void ADatasetIsReadThroughTheLoader()
    {
        ImageDataset data = ProceduralShapes.Dataset("demo", ["fish", "key", "mug"], 4, 32, seed: 5);
        ImageDataset other = ProceduralShapes.Dataset("demo", ["fish", "key", "mug"], 4, 32, seed: 5, part: 1);
        Assert.Equal([4, 4, 4], data.CountsPerClass);
        Assert.Equal(data.Load(7).Pixels, data.Load(7).Pixels);
        Assert.NotEqual(data.Load(7).Pixels, other.Load(7).Pixels);
        var transform = new EvalTransform(Preprocessing.ImageNet(32) with { CropFraction = 1 });
        using var loader = new BatchLoader(data, transform, 5, 0, 2, shuffle: true, dropLast: false);
        Assert.Equal(12, loader.Epoch(0).Sum(batch => batch.Count));
    }

    [Fact]
    public void AnUnknownClassIsNamed() => Assert.Contains("\"zebra\"",
        Assert.Throws<VisionMambaException>(() => ProceduralShapes.Render("zebra", 64, default)).Message);

    [Fact]
    public void ASheetShowsPicturesFramesAndCaptions()
    {
        var red = new RgbImage(10, 5);
        for (int i = 0; i < red.Pixels.Length; i += 3)
            red.Pixels[i] = 200;
        SheetItem[] items =
        [
            SheetItem.Prediction(red, "fish", 0.934, "fish"),
            SheetItem.Prediction(red, "key", 0.5, "an umbrella with a very long name"),
            SheetItem.Prediction(red, "key", 0.5, null),
        ];
        RgbImage sheet = new PictureSheet(2, 40) { Title = "T" }.Draw(items);
        Assert.Equal("fish 93%", items[0].Lines[0]);
        Assert.Equal("is an umbrella with a very long name", items[1].Lines[1]);
        Assert.Equal((46, 160, 67), At(sheet, 9, 37));
        Assert.Equal((214, 48, 49), At(sheet, 9 + 54, 37));
        Assert.Equal((200, 0, 0), At(sheet, 8 + 3 + 20, 28 + 8 + 3 + 20));
        Assert.Equal((255, 255, 255), At(sheet, 2, 2));
        Assert.Contains(Enumerable.Range(8, 46), x => At(sheet, x, 8 + 28 + 46 + 7).R < 100); // letters
        Assert.Throws<VisionMambaException>(() => new PictureSheet(2, 40).Draw([]));
    }

    private static (int R, int G, int B) At(RgbImage image, int x, int y) =>
        (image.Row(y)[x * 3], image.Row(y)[x * 3 + 1], image.Row(y)[x * 3 + 2]);

    private static double[][][] Colours(IReadOnlyList<string> classes, int count, ulong seed) =>
        [.. classes.Select((name, label) => Enumerable.Range(0, count)
            .Select(i => Mean(ProceduralShapes.Render(name, 32, new Rng(seed, (ulong)(label * count + i)))))
            .ToArray())];

    private static double[] Mean(RgbImage image) => [.. Enumerable.Range(0, 3).Select(c =>
        Enumerable.Range(0, image.Pixels.Length / 3).Average(i => (double)image.Pixels[i * 3 + c]))];

    private static int Nearest(double[][] centres, double[] colour) => Enumerable.Range(0, centres.Length)
        .MinBy(k => centres[k].Zip(colour, (a, b) => (a - b) * (a - b)).Sum());
}

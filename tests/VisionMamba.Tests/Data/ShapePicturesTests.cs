using CsCheck;
using VisionMamba.Data.Images;
using VisionMamba.Data.Procedural;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Data;

public sealed class ShapePicturesTests
{
    private const int Size = 48;

    private static IEnumerable<string> AllClasses => ShapePictures.PretrainClasses.Concat(ShapePictures.DemoClasses);

    [Fact]
    public void The_two_lists_hold_16_and_8_different_classes()
    {
        Assert.Equal(16, ShapePictures.PretrainClasses.Count);
        Assert.Equal(8, ShapePictures.DemoClasses.Count);
        Assert.Equal(24, AllClasses.Distinct().Count());
    }

    [Fact]
    public void Equal_generators_give_equal_pictures_from_any_thread()
    {
        string[] classes = [.. AllClasses];
        var once = new byte[classes.Length][];
        Parallel.For(0, classes.Length, i => once[i] = Picture(classes[i], i).Pixels);
        for (int i = 0; i < classes.Length; i++)
        {
            Assert.Equal(once[i], Picture(classes[i], i).Pixels);
            Assert.NotEqual(once[i], Picture(classes[i], i + 1).Pixels);
        }
    }

    [Fact]
    public void Different_classes_give_different_pictures_with_the_same_generator()
    {
        var seen = AllClasses.Select(name => Convert.ToHexString(Picture(name, 5).Pixels)).ToHashSet();
        Assert.Equal(24, seen.Count);
    }

    [Fact]
    public void Every_picture_has_the_size_asked_for_and_shows_contrast() =>
        Gen.Select(Gen.Int[0, 23], Gen.Int[16, 100], Gen.ULong).Sample(
            (index, size, seed) =>
            {
                string name = AllClasses.ElementAt(index);
                RgbImage picture = ShapePictures.Render(name, size, new Rng(seed, 0));
                Assert.Equal((size, size), (picture.Width, picture.Height));
                byte[] luma = [.. Luma(picture).Order()];
                int range = luma[^(luma.Length / 100 + 1)] - luma[luma.Length / 100];
                Assert.True(range >= 50, $"{name} at {size} pixels, seed {seed}: brightness spans {range} of 255");
            },
            iter: 300, threads: 1);

    [Fact]
    public void The_figure_stands_out_from_the_ground()
    {
        // Two classes in the same scene differ exactly where only one of the figures covers the ground.
        foreach (string name in AllClasses)
        {
            string other = name == "circle" ? "cross" : "circle";
            for (int i = 0; i < 10; i++)
            {
                byte[] a = Luma(Picture(name, i)), b = Luma(Picture(other, i));
                int changed = a.Zip(b).Count(pair => Math.Abs(pair.First - pair.Second) > 40);
                Assert.True(changed > 20, $"{name} {i}: only {changed} pixels differ from {other}");
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Mean_colour_does_not_tell_the_class(bool pretraining)
    {
        IReadOnlyList<string> classes = pretraining ? ShapePictures.PretrainClasses : ShapePictures.DemoClasses;
        const int count = 60;
        double[][][] colours = [.. classes.Select((name, c) => Enumerable.Range(0, 2 * count)
            .Select(i => MeanColour(Picture(name, 10_000 * (c + 1) + i))).ToArray())];
        double[][] centres = [.. colours.Select(of =>
            Enumerable.Range(0, 3).Select(k => of.Take(count).Average(colour => colour[k])).ToArray())];

        int right = 0;
        for (int c = 0; c < classes.Count; c++)
            right += colours[c].Skip(count).Count(colour => Nearest(centres, colour) == c);
        double chance = 1.0 / classes.Count, accuracy = right / (double)(count * classes.Count);
        Assert.True(accuracy < 1.6 * chance, $"accuracy {accuracy:F3} where chance is {chance:F3}");
    }

    [Fact]
    public void An_unknown_class_is_named_together_with_the_known_ones()
    {
        var error = Assert.Throws<VisionMambaException>(() => ShapePictures.Render("blob", Size, new Rng(1, 0)));
        Assert.Contains("'blob'", error.Message);
        Assert.Contains("umbrella", error.Message);
        Assert.DoesNotContain("\n", error.Message);
    }

    private static RgbImage Picture(string name, int index) =>
        ShapePictures.Render(name, Size, new Rng(7, 0).Derive((ulong)index));

    private static byte[] Luma(RgbImage image) =>
        [.. Enumerable.Range(0, image.Width * image.Height).Select(i => (byte)(0.299 * image.Pixels[3 * i]
            + 0.587 * image.Pixels[3 * i + 1] + 0.114 * image.Pixels[3 * i + 2]))];

    private static double[] MeanColour(RgbImage image)
    {
        double[] mean = new double[3];
        for (int i = 0; i < image.Pixels.Length; i++)
            mean[i % 3] += image.Pixels[i] / (double)(image.Width * image.Height);
        return mean;
    }

    private static int Nearest(double[][] centres, double[] colour) =>
        Enumerable.Range(0, centres.Length)
            .MinBy(c => centres[c].Zip(colour).Sum(pair => Math.Pow(pair.First - pair.Second, 2)));
}

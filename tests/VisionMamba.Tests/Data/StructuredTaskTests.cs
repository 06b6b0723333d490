using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;
using VisionMamba.Data.Procedural.Tasks;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Data;

public sealed class StructuredTaskTests
{
    private const int Size = 64;

    public static TheoryData<string> Names => [.. StructuredTask.All.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void TheDescriptionOfEveryPictureHasItsAnswer(string name)
    {
        StructuredTask task = Task(name);
        for (int i = 0; i < 60 * task.Classes.Count; i++)
        {
            int label = i % task.Classes.Count;
            TaskScene scene = task.Compose(label, new Rng(11, (ulong)i));
            Assert.Equal(label, Recounted(name, scene));
            Assert.Equal(label, task.Answer(scene));
            Assert.All(scene.Figures, f => Assert.True(f.Size > 0.04f && f.X is > 0 and < 1 && f.Y is > 0 and < 1));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EqualSeedsGiveEqualPicturesAtAnySize(string name)
    {
        foreach (int size in new[] { 16, 48, 224 })
        {
            RgbImage Picture(ulong seed) => Task(name).Render(1, size, new Rng(seed, 3));
            Assert.Equal((size, size), (Picture(5).Width, Picture(5).Height));
            Assert.Equal(Picture(5).Pixels, Picture(5).Pixels);
            Assert.NotEqual(Picture(5).Pixels, Picture(6).Pixels);
        }
    }

    /// <summary>Leaves out one figure after the other: each shows, where the description says.</summary>
    [Theory]
    [InlineData("count")]
    [InlineData("orientation")]
    [InlineData("location")]
    public void EveryTargetShowsWhereItIsDescribed(string name)
    {
        StructuredTask task = Task(name);
        for (int i = 0; i < 4 * task.Classes.Count; i++)
        {
            TaskScene scene = task.Compose(i % task.Classes.Count, new Rng(4, (ulong)i));
            for (int f = 0; f < scene.Figures.Count; f++)
            {
                SceneFigure figure = scene.Figures[f];
                if (figure.Role != FigureRole.Target)
                    continue;
                (float x, float y, int pixels) = Changed(scene, f, new Rng(9, (ulong)i));
                Assert.True(pixels >= 0.15f * figure.Size * figure.Size * Size * Size, $"{i}: {figure} {pixels}");
                float off = MathF.Sqrt((x - figure.X) * (x - figure.X) + (y - figure.Y) * (y - figure.Y));
                Assert.True(off < 0.2f * figure.Size + 0.02f, $"{i}: {figure} is painted at {x}, {y}");
            }
        }
    }

    [Fact]
    public void FiguresThatAreCountedDoNotTouch()
    {
        for (int i = 0; i < 80; i++)
        {
            SceneFigure[] figures = [.. Task("count").Compose(i % 8, new Rng(2, (ulong)i)).Targets];
            foreach ((SceneFigure a, SceneFigure b) in figures.SelectMany(
                (a, k) => figures.Skip(k + 1).Select(b => (a, b))))
                Assert.True(MathF.Sqrt(MathF.Pow(a.X - b.X, 2) + MathF.Pow(a.Y - b.Y, 2)) > 0.62f * (a.Size + b.Size));
        }
    }

    /// <summary>A wedge's and a drop's thick end is behind: their area's middle lies there.</summary>
    [Fact]
    public void PointedFiguresPointWhereTheirHeadingSays()
    {
        StructuredTask task = Task("orientation");
        int seen = 0;
        for (int i = 0; i < 160; i++)
        {
            int label = i % 8;
            TaskScene scene = task.Compose(label, new Rng(6, (ulong)i));
            SceneFigure target = scene.Targets.Single();
            if (target.Shape is not ("wedge" or "drop"))
                continue;
            seen++;
            (float x, float y, _) = Changed(scene, scene.Figures.ToList().IndexOf(target), new Rng(7, (ulong)i));
            (float sin, float cos) = MathF.SinCos(label * MathF.PI / 4);
            float along = ((x - target.X) * cos) - ((y - target.Y) * sin);
            Assert.True(along < -0.05f * target.Size, $"{target.Shape} towards {task.Classes[label]}: {along}");
        }

        Assert.True(seen > 40);
    }

    [Fact]
    public void TheNearestThingStandsLowestAndIsNotHidden()
    {
        StructuredTask task = Task("distance");
        for (int i = 0; i < 60; i++)
        {
            TaskScene scene = task.Compose(i % 6, new Rng(3, (ulong)i));
            SceneFigure nearest = scene.Targets.MinBy(f => f.Depth)!;
            float Ground(SceneFigure f) => f.Y + 0.44f * f.Size;
            Assert.All(scene.Figures, f => Assert.Equal(
                scene.Horizon!.Value + scene.Camera / f.Depth, Ground(f), 1e-4));
            Assert.Equal(nearest, scene.Figures.MaxBy(Ground));
            (_, _, int pixels) = Changed(scene, scene.Figures.ToList().IndexOf(nearest), new Rng(8, (ulong)i));
            Assert.True(pixels > 0.2f * nearest.Size * nearest.Size * Size * Size);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AsADataSetItHasVtabsSizesBalancedClassesAndTheSameTestForAllSeeds(string name)
    {
        DatasetSplits Load(DatasetOptions options) => DatasetLoader.Load("", "procedural-" + name, options);
        DatasetSplits one = Load(new DatasetOptions { Seed = 1 }), again = Load(new DatasetOptions { Seed = 1 });
        DatasetSplits two = Load(new DatasetOptions { Seed = 2, RenderSize = 32 });
        Assert.Equal((800, 200, 2000), (one.Train.Count, one.Validation.Count, one.Test!.Count));
        Assert.True(one.Train.CountsPerClass.Max() - one.Train.CountsPerClass.Min() <= 1);
        Assert.Equal((64, 32), (one.Train.Load(0).Width, two.Train.Load(0).Width));
        Assert.Equal(one.Train.Load(3).Pixels, again.Train.Load(3).Pixels);
        DatasetSplits three = Load(new DatasetOptions { Seed = 2 });
        Assert.NotEqual(one.Train.Load(3).Pixels, three.Train.Load(3).Pixels);
        Assert.NotEqual(one.Train.Load(3).Pixels, one.Validation.Load(3).Pixels);
        Assert.Equal(one.Test.Load(3).Pixels, three.Test!.Load(3).Pixels);
        DatasetSplits small = Load(new DatasetOptions { Sample = new SampleSizes(30, 7), MaxTest = 5, Seed = 1 });
        Assert.Equal((30, 7, 5), (small.Train.Count, small.Validation.Count, small.Test!.Count));
        Assert.Equal(one.Train.Load(29).Pixels, small.Train.Load(29).Pixels);
        // A class that is left out takes its pictures along, not its name.
        DatasetSplits last = Load(new DatasetOptions { OnlyClasses = [one.Train.Classes[^1]], Seed = 1 });
        Assert.Equal(one.Train.Load(one.Train.Classes.Count - 1).Pixels, last.Train.Load(0).Pixels);
    }

    private static StructuredTask Task(string name) => StructuredTask.All.Single(t => t.Name == name);

    /// <summary>The answer from the description, written anew.</summary>
    private static int Recounted(string name, TaskScene scene) => name switch
    {
        "count" => scene.Figures.Count(f => f.Shape != "line") - 1,
        "distance" => Array.FindLastIndex(
            [1.4, 1.784, 2.274, 2.898, 3.693, 4.707], edge => scene.Figures.Min(f => f.Depth) >= edge),
        "orientation" => Enumerable.Range(0, 8).Single(s => Math.Abs(Math.IEEERemainder(
            scene.Figures.Single(f => f.Shape is "arrow" or "dart" or "drop" or "wedge").Heading - 45 * s, 360)) <= 15),
        _ => scene.Figures.Where(f => f.Shape != "line").Select(
            f => 4 * (int)Math.Floor(4 * f.Y) + (int)Math.Floor(4 * f.X)).Single(),
    };

    /// <summary>The middle and the number of the pixels that are other ones without a figure.</summary>
    private static (float X, float Y, int Count) Changed(TaskScene scene, int figure, Rng rng)
    {
        SceneFigure[] without = [.. scene.Figures];
        without[figure] = without[figure] with { Size = 0 };
        byte[] with = ScenePainter.Render(scene, Size, rng).Pixels;
        byte[] rest = ScenePainter.Render(scene with { Figures = without }, Size, rng).Pixels;
        float x = 0, y = 0;
        int count = 0;
        for (int i = 0; i < Size * Size; i++)
        {
            if (Enumerable.Range(0, 3).Sum(c => Math.Abs(with[3 * i + c] - rest[3 * i + c])) < 12)
                continue;
            x += (i % Size + 0.5f) / Size;
            y += (i / Size + 0.5f) / Size;
            count++;
        }

        return (x / count, y / count, count);
    }
}

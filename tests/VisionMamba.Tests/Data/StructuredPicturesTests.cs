using VisionMamba.Data.Datasets;
using VisionMamba.Data.Procedural;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Data;

public sealed class StructuredPicturesTests
{
    public static TheoryData<string> Tasks => [.. StructuredPictures.Tasks];

    [Theory]
    [MemberData(nameof(Tasks))]
    public void SameSeedSamePicturesOtherSeedOthers(string task)
    {
        string name = "procedural-" + task;
        DatasetSplits one = DatasetLoader.Load("", name, new DatasetOptions { Seed = 3 });
        DatasetSplits again = DatasetLoader.Load("", name, new DatasetOptions { Seed = 3 });
        DatasetSplits other = DatasetLoader.Load("", name, new DatasetOptions { Seed = 4 });
        Assert.Equal((800, 200, 1000), (one.Train.Count, one.Validation.Count, one.Test!.Count));
        Assert.Equal(one.Train.Load(5).Pixels, again.Train.Load(5).Pixels);
        Assert.NotEqual(one.Train.Load(5).Pixels, other.Train.Load(5).Pixels);
        Assert.NotEqual(one.Train.Load(5).Pixels, one.Validation.Load(5).Pixels);
        Assert.NotEqual(one.Train.Load(5).Pixels, one.Test.Load(5).Pixels);
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void TheLayoutIsOfItsClass(string task)
    {
        IReadOnlyList<string> classes = StructuredPictures.Classes(task);
        for (int i = 0; i < 50 * classes.Count; i++)
        {
            int label = i % classes.Count;
            IReadOnlyList<Placed> figures = StructuredPictures.Layout(task, label, new Rng(7, (ulong)i));
            Assert.All(figures, f => Assert.InRange(Math.Min(f.X, f.Y) - f.Side / 2, -0.001f, 1));
            Assert.All(figures, f => Assert.InRange(Math.Max(f.X, f.Y) + f.Side / 2, 0, 1.001f));
            Assert.Equal(label, Measured(task, figures));
        }
    }

    [Fact]
    public void FewerClassesKeepTheirPictures()
    {
        DatasetSplits all = DatasetLoader.Load("", "procedural-count");
        DatasetSplits two = DatasetLoader.Load("", "procedural-count", new DatasetOptions { OnlyClasses = ["2", "3"] });
        Assert.Equal(all.Train.Load(1).Pixels, two.Train.Load(0).Pixels);
        Assert.Equal(0, two.Train.Samples[0].Label);
    }

    private static int Measured(string task, IReadOnlyList<Placed> figures)
    {
        Placed first = figures[0];
        switch (task)
        {
            case "count":
                foreach ((Placed a, Placed b) in figures.SelectMany((a, i) => figures.Skip(i + 1).Select(b => (a, b))))
                    Assert.True(Math.Max(Math.Abs(a.X - b.X), Math.Abs(a.Y - b.Y)) >= (a.Side + b.Side) / 2);
                return figures.Count - 1;
            case "distance":
                float x = first.X - figures[1].X, y = first.Y - figures[1].Y;
                return (int)((MathF.Sqrt(x * x + y * y) - 0.2f) / 0.1f);
            case "orientation":
                return (int)MathF.Round(first.Angle / 45) % 8;
            default:
                return (int)(first.Y * 3) * 3 + (int)(first.X * 3);
        }
    }
}

using VisionMamba.Data.Augment;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Data;

public class RandomErasingTests
{
    private const int Height = 40, Width = 50, Plane = Height * Width;
    private const float Untouched = 99;

    [Fact]
    public void ErasesAsOftenAndAsMuchAsAsked()
    {
        int erased = 0;
        double area = 0;
        for (ulong i = 0; i < 3000; i++)
        {
            int count = Run(new RandomErasing(0.25, EraseMode.Const), i).Take(Plane).Count(v => v == 0);
            erased += count > 0 ? 1 : 0;
            area += count;
            if (count > 0)
                Assert.InRange(count / (double)Plane, 0.01, 0.36);
        }

        Assert.InRange(erased, 680, 820);
        Assert.InRange(area / erased / Plane, 0.155, 0.195); // the mean of .02 .. 1/3, less what does not fit
    }

    [Fact]
    public void ConstIsARectangleOfZerosInAllChannels()
    {
        for (ulong i = 0; i < 50; i++)
        {
            float[] result = Run(new RandomErasing(1, EraseMode.Const), i);
            int[] at = [.. Enumerable.Range(0, Plane).Where(p => result[p] == 0)];
            int rows = at.Max(p => p / Width) - at.Min(p => p / Width) + 1;
            int columns = at.Max(p => p % Width) - at.Min(p => p % Width) + 1;
            Assert.Equal(rows * columns, at.Length);
            Assert.Equal(at, Enumerable.Range(0, Plane).Where(p => result[2 * Plane + p] == 0));
            Assert.InRange(rows / (double)columns, 0.2, 4.5);
        }
    }

    [Fact]
    public void RandIsOneColourAndPixelIsNormal()
    {
        var colours = new List<float>();
        var noise = new List<float>();
        for (ulong i = 0; i < 300; i++)
        {
            float[] rand = Run(new RandomErasing(1, EraseMode.Rand), i);
            for (int c = 0; c < 3; c++)
                colours.Add(Assert.Single(rand[(c * Plane)..((c + 1) * Plane)].Where(v => v != Untouched).Distinct()));
            noise.AddRange(Run(new RandomErasing(1, EraseMode.Pixel), i).Where(v => v != Untouched));
        }

        Assert.InRange(colours.Average(), -0.12, 0.12);
        Assert.InRange(noise.Average(), -0.01, 0.01);
        Assert.InRange(noise.Average(v => v * v), 0.98, 1.02);
        Assert.InRange(noise.Count(v => Math.Abs(v) > 2) / (double)noise.Count, 0.043, 0.048);
        Assert.True(noise.Distinct().Count() > 0.9 * noise.Count);
    }

    [Fact]
    public void SeveralRectanglesShareTheArea()
    {
        double one = 0, three = 0;
        for (ulong i = 0; i < 400; i++)
        {
            one += Run(new RandomErasing(1, EraseMode.Const), i).Count(v => v == 0);
            three += Run(new RandomErasing(1, EraseMode.Const, 3), i).Count(v => v == 0);
        }

        Assert.InRange(three / one, 0.8, 1.05); // overlaps cost a little
    }

    [Fact]
    public void RangesOutOfOrderAreRefused() => Assert.Throws<VisionMambaException>(
        () => new RandomErasing(0.5, EraseMode.Const, minArea: 0.5, maxArea: 0.1));

    private static float[] Run(RandomErasing erasing, ulong stream)
    {
        float[] input = new float[3 * Plane];
        Array.Fill(input, Untouched);
        erasing.Apply(input, Height, Width, new Rng(1, stream));
        return input;
    }
}

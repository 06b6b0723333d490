using VisionMamba.Data;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Data;

public class BatchLoaderTests
{
    private static readonly TrainTransform Train = new(Preprocessing.ImageNet(8));

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void WorkersDoNotChangeTheBits(int workers)
    {
        using BatchLoader one = Loader(Noise(23), workers: 1), many = Loader(Noise(23), workers);
        for (int epoch = 0; epoch < 3; epoch++)
            AssertSame(Copy(one.Epoch(epoch)), Copy(many.Epoch(epoch)));
    }

    [Fact]
    public void EveryEpochVisitsEverySampleOnceInAnotherOrder()
    {
        using BatchLoader loader = Loader(Noise(23));
        int[][] orders =
            [.. Enumerable.Range(0, 4).Select(e => Copy(loader.Epoch(e)).SelectMany(b => b.Indices).ToArray())];
        foreach (int[] order in orders)
            Assert.Equal(Enumerable.Range(0, 23), order.Order());
        Assert.Equal(4, orders.Select(order => string.Join(",", order)).Distinct().Count());
        Assert.Equal(orders[2], loader.Order(2));
    }

    [Fact]
    public void AugmentationChangesWithTheEpochAndTheSeed()
    {
        using BatchLoader loader = Loader(Noise(6)), other = Loader(Noise(6), seed: 8);
        float[] first = InputOf(loader.Epoch(0), 3), second = InputOf(loader.Epoch(1), 3);
        float[] third = InputOf(other.Epoch(0), 3);
        Assert.NotEqual(first, second);
        Assert.NotEqual(first, third);
        Assert.Equal(first, InputOf(loader.Epoch(0), 3));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(6)]
    public void ResumingGivesTheTail(int firstBatch)
    {
        using BatchLoader whole = Loader(Noise(23)), resumed = Loader(Noise(23), workers: 3);
        AssertSame(Copy(whole.Epoch(4)).Skip(firstBatch).ToList(), Copy(resumed.Epoch(4, firstBatch)));
    }

    [Theory]
    [InlineData(false, 6, 23, 3)]
    [InlineData(true, 5, 20, 4)]
    public void TheLastBatchIsShortOrLeftOut(bool dropLast, int batches, int samples, int last)
    {
        using BatchLoader loader = Loader(Noise(23), dropLast: dropLast);
        List<ImageBatch> all = Copy(loader.Epoch(0));
        Assert.Equal((batches, samples), (loader.BatchesPerEpoch, loader.SamplesPerEpoch));
        Assert.Equal((batches, samples, last), (all.Count, all.Sum(b => b.Count), all[^1].Count));
        Assert.Equal(last * 3 * 8 * 8, all[^1].Input.Length);
    }

    [Fact]
    public void LabelsAndPathsBelongToTheSamples()
    {
        ImageDataset data = Noise(23);
        using BatchLoader loader = Loader(data);
        foreach (ImageBatch batch in loader.Epoch(0))
        {
            Assert.Equal(batch.Indices.Select(i => data.Samples[i].Label), batch.Labels);
            Assert.Equal(batch.Indices.Select(i => data.Samples[i].Path), batch.Paths);
        }
    }

    [Fact]
    public void InputIsTheTransformOfThePicture()
    {
        ImageDataset data = Noise(5);
        var transform = new EvalTransform(Preprocessing.ImageNet(8));
        using var loader = new BatchLoader(data, transform, 4, 0, 2, shuffle: false, dropLast: false);
        float[] expected = new float[3 * 8 * 8];
        transform.Apply(data.Load(4), expected);
        Assert.Equal(expected, Copy(loader.Epoch(0))[1].Input.ToArray());
    }

    [Fact]
    public void CachedPicturesGiveTheSameBits()
    {
        int loads = 0;
        RgbImage Load(int i)
        {
            Interlocked.Increment(ref loads);
            return NoiseImage(i);
        }

        var data = ImageDataset.FromMemory("counted", ["a"], new int[10], Load);
        using BatchLoader plain = Loader(Noise(10)), cached = Loader(data.Cached(4 * 12 * 12 * 3));
        for (int epoch = 0; epoch < 3; epoch++)
            AssertSame(Copy(plain.Epoch(epoch)), Copy(cached.Epoch(epoch)), labels: false);
        Assert.InRange(loads, 10 + 6 + 6, 10 + 6 + 6 + 2); // 4 of the 10 stay; two workers may race for the last place
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void ABadPictureEndsTheEpochByName(int workers)
    {
        var data = ImageDataset.FromMemory("bad", ["a"], new int[40], i => i is 17 or 18
            ? throw new InvalidOperationException("broken") : NoiseImage(i));
        using var loader = new BatchLoader(
            data, new EvalTransform(Preprocessing.ImageNet(8)), 4, 0, workers, shuffle: false, dropLast: false);
        int read = 0;
        var error = Assert.Throws<VisionMambaException>(() =>
        {
            foreach (ImageBatch batch in loader.Epoch(0))
                read += batch.Count;
        });
        Assert.Equal(16, read);
        Assert.StartsWith("bad/a/17: the image cannot be prepared: broken; ", error.Message);
        Assert.Contains("--on-bad-image skip", error.Message);
        AssertNoThreads(loader);
    }

    [Fact]
    public void LeavingEarlyAndDisposingLeaveNoThreads()
    {
        BatchLoader loader = Loader(Noise(200), workers: 3);
        foreach (ImageBatch batch in loader.Epoch(0))
            if (batch.Count > 0)
                break;
        AssertNoThreads(loader);

        using (IEnumerator<ImageBatch> reading = loader.Epoch(1).GetEnumerator())
        {
            Assert.True(reading.MoveNext());
            Assert.Throws<InvalidOperationException>(() => loader.Epoch(2).First());
            loader.Dispose();
            AssertNoThreads(loader);
            Assert.Throws<ObjectDisposedException>(() => reading.MoveNext());
        }

        Assert.Throws<ObjectDisposedException>(() => loader.Epoch(0).First());
    }

    [Fact]
    public void WorkersStayWithinTheRing()
    {
        int loaded = 0;
        var data = ImageDataset.FromMemory("counted", ["a"], new int[100], i =>
        {
            Interlocked.Increment(ref loaded);
            return NoiseImage(i);
        });
        using var loader = new BatchLoader(data, Train, 4, 0, 2, shuffle: true, dropLast: false, ahead: 2);
        int read = 0;
        foreach (ImageBatch _ in loader.Epoch(0))
        {
            Thread.Sleep(2);
            Assert.InRange(Volatile.Read(ref loaded), 4 * ++read, 4 * (read + 2));
        }
    }

    [Fact]
    public void ASubsetKeepsPicturesAndLabels()
    {
        ImageDataset data = Noise(9), subset = data.Cached().Subset("some", [7, 2, 4]);
        Assert.Equal([1, 0, 0], subset.Samples.Select(s => s.Label));
        Assert.Equal([2, 1], subset.CountsPerClass);
        Assert.Equal(data.Load(7).Pixels, subset.Load(0).Pixels);
        Assert.Equal(data.Load(4).Pixels, subset.Load(2).Pixels);
        Assert.Throws<VisionMambaException>(() => new ImageDataset("bad", ["a"], [new Sample("x", 1)]));
    }

    [Fact]
    public void ImpossibleBatchesAreRefused()
    {
        Assert.Throws<VisionMambaException>(() => Loader(Noise(0)));
        Assert.Throws<VisionMambaException>(() => Loader(Noise(3), dropLast: true));
        // 3 x 8 x 8 numbers an image: 2^31 of them in 11.2 million images.
        string tooLarge = Assert.Throws<VisionMambaException>(() => new BatchLoader(
            Noise(3), Train, 11_200_000, 7, 1, shuffle: false, dropLast: false)).Message;
        Assert.StartsWith("--batch 11200000: ", tooLarge);
        Assert.EndsWith($"give at most {Array.MaxLength / 192}", tooLarge);
    }

    [Fact]
    public void TooLittleMemoryIsNotTheImagesFault()
    {
        var data = ImageDataset.FromMemory("large", ["a"], new int[2], _ => throw new OutOfMemoryException());
        using BatchLoader loader = Loader(data);
        Assert.Throws<OutOfMemoryException>(() => loader.Epoch(0).First());
    }

    private static void AssertNoThreads(BatchLoader loader)
    {
        Assert.NotEmpty(loader.Threads);
        Assert.DoesNotContain(loader.Threads, thread => thread.IsAlive);
    }

    private static BatchLoader Loader(ImageDataset data, int workers = 2, ulong seed = 7, bool dropLast = false) =>
        new(data, Train, 4, seed, workers, shuffle: true, dropLast);

    private static ImageDataset Noise(int count) => ImageDataset.FromMemory(
        "noise", ["a", "b"], Enumerable.Range(0, count).Select(i => i % 2).ToArray(), NoiseImage);

    private static RgbImage NoiseImage(int index)
    {
        var image = new RgbImage(12, 12);
        var rng = new Rng(99, (ulong)index);
        for (int i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)rng.Bits((ulong)i);
        return image;
    }

    private static float[] InputOf(IEnumerable<ImageBatch> batches, int sample)
    {
        ImageBatch batch = Copy(batches).Single(b => b.Indices.Contains(sample));
        int at = Array.IndexOf(batch.Indices, sample), numbers = 3 * batch.Size * batch.Size;
        return batch.Pixels.AsSpan(at * numbers, numbers).ToArray();
    }

    private static List<ImageBatch> Copy(IEnumerable<ImageBatch> batches) => batches
        .Select(b => new ImageBatch(b.Input.ToArray(), b.Size, b.Indices, b.Labels, b.Paths)).ToList();

    private static void AssertSame(List<ImageBatch> expected, List<ImageBatch> actual, bool labels = true)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach ((ImageBatch a, ImageBatch b) in expected.Zip(actual))
        {
            Assert.Equal(a.Indices, b.Indices);
            Assert.True(a.Input.SequenceEqual(b.Input));
            if (labels)
                Assert.Equal(a.Labels, b.Labels);
        }
    }
}

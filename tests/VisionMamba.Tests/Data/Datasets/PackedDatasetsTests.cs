using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Data.Datasets;

/// <summary>
/// CIFAR and SVHN. The fixtures were written by numpy, pickle and scipy (tests/fixtures/datasets/make.py).
/// </summary>
public sealed class PackedDatasetsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Cifar10FromPickles()
    {
        WritePickles();
        DatasetSplits splits = DatasetLoader.Load(_folder.Path, "cifar10");
        IReadOnlyList<string> classes = splits.Train.Classes;
        Assert.Equal(("airplane", "truck", 10), (classes[0], classes[9], classes.Count));
        // Two classes with five images each: one of each is held out.
        Assert.Equal((8, 2, 2), (splits.Train.Count, splits.Validation.Count, splits.Test!.Count));
        Assert.Equal([6, 9], splits.Test.Samples.Select(s => s.Label));
        AssertPixels(splits.Test.Load(0), 0);
        AssertPixels(splits.Test.Load(1), 1);
        for (int i = 0; i < 8; i++)
            AssertPixels(splits.Train.Load(i), splits.Train.Samples[i].Label == 6 ? 0 : 1);
        AssertPixels(splits.Train.Subset("one", [7]).Load(0), splits.Train.Samples[7].Label == 6 ? 0 : 1);
    }

    [Fact]
    public void Cifar100TakesTheFineLabels()
    {
        Copy("cifar100-batch", "cifar-100-python/train", "cifar-100-python/test");
        Copy("cifar100-meta", "cifar-100-python/meta");
        DatasetSplits splits = DatasetLoader.Load(
            _folder.Path, "CIFAR100", new DatasetOptions { SelectOnTest = true });
        Assert.Equal((1, 99, "fine99"), (splits.Train.Count, splits.Train.Samples[0].Label, splits.Train.Classes[99]));
        AssertPixels(splits.Validation.Load(0), 0);
    }

    [Fact]
    public void PicklesOfPython2HaveTheirBytesAsText()
    {
        byte[] record = [.. Enumerable.Range(0, 3072).Select(i => (byte)(i * 5))];
        byte[] python2 = Python2(record);
        foreach (string name in Enumerable.Range(1, 5).Select(i => $"data_batch_{i}").Append("test_batch"))
            File.WriteAllBytes(_folder.At(name), python2);
        Copy("cifar10-meta", "batches.meta");
        RgbImage image = DatasetLoader.Load(_folder.Path, "CIFAR10").Test!.Load(0);
        Assert.Equal([record[0], record[1024], record[2048]], image.Pixels[..3]);
    }

    [Fact]
    public void BinaryBatchesGiveTheSame()
    {
        for (int i = 1; i <= 5; i++)
            WriteBinary($"cifar-10-batches-bin/data_batch_{i}.bin", (6, 0), (9, 1));
        WriteBinary("cifar-10-batches-bin/test_batch.bin", (3, 1));
        _folder.Write("cifar-10-batches-bin/batches.meta.txt", string.Join('\n', Enumerable.Range(0, 10)) + "\n\n");
        DatasetSplits splits = DatasetLoader.Load(_folder.Path, "CIFAR10");
        Assert.Equal((3, 10), (splits.Test!.Samples[0].Label, splits.Test.Classes.Count));
        AssertPixels(splits.Test.Load(0), 1);
    }

    [Theory]
    [InlineData("data_batch_2", 500, "wants")]
    [InlineData("batches.meta", 20, "")]
    [InlineData("test_batch", 0, "wants 1 bytes where 0 are left")]
    public void ACutPickleIsOneLine(string file, int length, string says)
    {
        WritePickles();
        string path = _folder.At("cifar-10-batches-py/" + file);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..length]);
        Fails("CIFAR10", path, says);
    }

    [Fact]
    public void ACifarLabelOutOfRangeNamesFileAndRecord()
    {
        for (int i = 1; i <= 5; i++)
            WriteBinary($"data_batch_{i}.bin", (0, 0), (i == 4 ? 10 : 1, 1));
        WriteBinary("test_batch.bin", (3, 1));
        _folder.Write("batches.meta.txt", string.Join('\n', Enumerable.Range(0, 10)));
        Fails("CIFAR10", _folder.At("data_batch_4.bin"), "record 1 has the label 10");
        File.WriteAllBytes(_folder.At("data_batch_4.bin"), new byte[3000]);
        Fails("CIFAR10", _folder.At("data_batch_4.bin"), "not whole records of 3073 bytes");
        File.Delete(_folder.At("data_batch_4.bin"));
        Fails("CIFAR10", _folder.At("data_batch_4.bin"), "no such file");
    }

    [Fact]
    public void SvhnCompressedAndPlain()
    {
        Copy("svhn.mat", "train_32x32.mat");
        Copy("svhn-plain.mat", "test_32x32.mat");
        DatasetSplits splits = DatasetLoader.Load(_folder.Path, "svhn", new DatasetOptions { SelectOnTest = true });
        Assert.Equal([0, 3], splits.Train.Samples.Select(s => s.Label));
        Assert.Equal([7], splits.Test!.Samples.Select(s => s.Label));
        AssertPixels(splits.Train.Load(0), 0);
        AssertPixels(splits.Train.Load(1), 1);
        AssertPixels(splits.Test.Load(0), 0);
    }

    [Fact]
    public void SvhnsFirstShareIsTheFilesOrder()
    {
        Copy("svhn.mat", "train_32x32.mat", "test_32x32.mat");
        DatasetSplits splits = DatasetLoader.Load(_folder.Path, "SVHN", new DatasetOptions { TrainFraction = 0.5 });
        Assert.Equal([0], splits.Train.Samples.Select(s => s.Label));
        Assert.Equal([3], splits.Validation.Samples.Select(s => s.Label));
        AssertPixels(splits.Validation.Load(0), 1);
        Assert.Contains("first 0.5 of train_32x32.mat in the file's order (1)", splits.Description);
    }

    [Fact]
    public void ADamagedMatFileIsOneLineWhereverItIsDamaged()
    {
        byte[] whole = File.ReadAllBytes(Path.Combine(ReferenceData.Fixtures, "datasets", "svhn.mat"));
        Copy("svhn.mat", "test_32x32.mat");
        foreach (int length in Enumerable.Range(0, whole.Length / 13).Select(i => i * 13))
        {
            File.WriteAllBytes(_folder.At("train_32x32.mat"), whole[..length]);
            Fails("SVHN", _folder.At("train_32x32.mat"), "");
        }

        for (int at = 126; at < whole.Length; at += 7)
        {
            byte[] bad = [.. whole];
            bad[at] ^= 0x55;
            File.WriteAllBytes(_folder.At("train_32x32.mat"), bad);
            Fails("SVHN", _folder.At("train_32x32.mat"), "");
        }
    }

    private void Fails(string name, string path, string says)
    {
        var error = Assert.Throws<VisionMambaException>(
            () => DatasetLoader.Load(_folder.Path, name, new DatasetOptions { SelectOnTest = true }));
        Assert.StartsWith(path, error.Message);
        Assert.Contains(says, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static void AssertPixels(RgbImage image, int record)
    {
        Assert.Equal((32, 32), (image.Width, image.Height));
        for (int y = 0; y < 32; y++)
            for (int x = 0; x < 32; x++)
                for (int c = 0; c < 3; c++)
                    Assert.Equal((byte)(7 * y + 3 * x + 50 * c + 11 * record), image.Pixels[(y * 32 + x) * 3 + c]);
    }

    private void WritePickles()
    {
        string[] batches =
        [
            .. Enumerable.Range(1, 5).Select(i => $"cifar-10-batches-py/data_batch_{i}"),
            "cifar-10-batches-py/test_batch",
        ];
        Copy("cifar10-batch", batches);
        Copy("cifar10-meta", "cifar-10-batches-py/batches.meta");
    }

    private void WriteBinary(string file, params (int Label, int Record)[] records)
    {
        var bytes = new List<byte>();
        foreach ((int label, int record) in records)
        {
            bytes.Add((byte)label);
            for (int c = 0; c < 3; c++)
                for (int i = 0; i < 1024; i++)
                    bytes.Add((byte)(7 * (i / 32) + 3 * (i % 32) + 50 * c + 11 * record));
        }

        _folder.Touch(file);
        File.WriteAllBytes(_folder.At(file), [.. bytes]);
    }

    private void Copy(string fixture, params string[] files)
    {
        _folder.Touch(files);
        foreach (string file in files)
            File.Copy(Path.Combine(ReferenceData.Fixtures, "datasets", fixture), _folder.At(file), overwrite: true);
    }

    /// <summary>
    /// What Python 2's cPickle wrote: strings of bytes ('U', 'T'), numpy.core.multiarray._reconstruct.
    /// </summary>
    private static byte[] Python2(byte[] record)
    {
        var bytes = new List<byte> { 0x80, 2, (byte)'}', (byte)'(' };
        Short("data");
        Text("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\u0085");
        Short("b");
        Text("\u0087R(K\u0001K\u0001M\0\u000c\u0086cnumpy\ndtype\n");
        Short("u1");
        Text("K\0K\u0001\u0087R(K\u0003");
        Short("|");
        Text("NNNJ\u00ff\u00ff\u00ff\u00ffJ\u00ff\u00ff\u00ff\u00ffK\0tb\u0089T");
        bytes.AddRange(BitConverter.GetBytes(record.Length));
        bytes.AddRange(record);
        Text("tb");
        Short("labels");
        Text("]K\u0004au.");
        return [.. bytes];

        void Text(string text) => bytes.AddRange(System.Text.Encoding.Latin1.GetBytes(text));

        void Short(string text) => Text("U" + (char)text.Length + text);
    }
}

using System.IO.Compression;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Tests.Files;

/// <summary>What TorchArchiveWriter writes, read by our reader and by .NET's own zip reader.</summary>
public class TorchWriterTests
{
    private static readonly float[] s_values = [1, -2.5f, float.NaN, float.NegativeInfinity, -0f, float.Epsilon];

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(100)]
    [InlineData(0)]
    public void TheTreeIsReadBack(long wide)
    {
        using var folder = new TestFolder();
        var big = Tensor.From([.. Enumerable.Range(0, 70000).Select(i => i * 0.1f)], 70000);
        var small = Tensor.From(s_values, 2, 3);
        TorchDict state = TorchDict.Ordered();
        foreach ((string name, Tensor tensor) in new[] { ("größe", small), ("b", big), ("none", new Tensor(0, 5)) })
            state.Add(name, tensor);
        TorchDict args = TorchDict.Namespace();
        args.Add("lr", 0.006);
        args.Add("name", "größe");
        TorchArchiveWriter.Write(folder["x.pth"], new TorchDict
        {
            { "model", state }, { "args", args }, { "again", small }, { "scalar", Tensor.From([12f]) },
            { "numbers", new TorchDict { { 0, -1 }, { 300, 70000 }, { -5, 1L << 40 }, { 2, true }, { 3, null } } },
            { "list", new List<object?> { 1, "a", false } }, { "tuple", new TorchTuple(0.9, 0.999) },
            { "empty", new TorchTuple() },
        }, ElementType.F32, wide);
        using TensorFile file = TensorFile.Open(folder["x.pth"]);
        Assert.Equal(["größe", "b", "none"], file.Tensors.Keys);
        Assert.Equal(Bits(small), Bits(file.Tensors["größe"].ToTensor()));
        Assert.Equal(Bits(big), Bits(file.Tensors["b"].ToTensor()));
        Assert.Equal([0, 5], file.Tensors["none"].Shape.ToArray());
        Assert.Equal("0.006", file.Metadata["args.lr"]);
        Assert.Equal("größe", file.Metadata["args.name"]);
        PickleValue root = file.Root!;
        Assert.Equal(Bits(small), Bits(root["again"]!.Tensor!.ToTensor()));
        Assert.Equal(0, root["scalar"]!.Tensor!.Shape.Length);
        var numbers = (PickleDict)root["numbers"]!;
        Assert.Equal(-1, numbers[0]!.Integer);
        Assert.Equal(70000, numbers[300]!.Integer);
        Assert.Equal(1L << 40, numbers[-5]!.Integer);
        Assert.True(numbers[2]!.Truth);
        Assert.Null(((PickleScalar)numbers[3]!).Value);
        Assert.Equal(SequenceKind.List, ((PickleSequence)root["list"]!).Kind);
        Assert.Equal([0.9, 0.999], root["tuple"]!.Items.Select(i => i.Number!.Value));
        Assert.Empty(root["empty"]!.Items);
    }

    [Fact]
    public void TensorsAreAlignedStoredOnceAndViewedInPlace()
    {
        using var folder = new TestFolder();
        var tensor = Tensor.From(s_values, 6);
        var twice = new TorchDict { { "a", tensor }, { "b", tensor } };
        TorchArchiveWriter.Write(folder["x"], new TorchDict { { "model", twice } });
        byte[] bytes = File.ReadAllBytes(folder["x"]);
        byte[] stored = PickleWriter.Floats(s_values);
        int at = bytes.AsSpan().IndexOf(stored);
        Assert.Equal(0, at % 64);
        Assert.Equal(-1, bytes.AsSpan(at + 1).IndexOf(stored));
        using TensorFile file = TensorFile.Open(folder["x"]);
        Assert.True(file.Tensors["a"].IsViewable && file.Tensors["b"].IsViewable);
    }

    [Fact]
    public void AnotherZipReaderAgreesAndEqualInputsGiveEqualBytes()
    {
        using var folder = new TestFolder();
        var root = new TorchDict { { "w", Tensor.From(s_values, 6) }, { "text", "é" } };
        TorchArchiveWriter.Write(folder["x"], root);
        TorchArchiveWriter.Write(folder["y"], root);
        Assert.Equal(File.ReadAllBytes(folder["x"]), File.ReadAllBytes(folder["y"]));
        using ZipArchive zip = ZipFile.OpenRead(folder["x"]);
        Assert.Equal(
            ["archive/data.pkl", "archive/byteorder", "archive/data/0", "archive/version"],
            zip.Entries.Select(e => e.FullName));
        var contents = new MemoryStream();
        using (Stream entry = zip.GetEntry("archive/data/0")!.Open())
            entry.CopyTo(contents);
        Assert.Equal(PickleWriter.Floats(s_values), contents.ToArray());
        Assert.Equal(Checksum(contents.ToArray()), zip.GetEntry("archive/data/0")!.Crc32);
    }

    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xCBF43926u)] // the polynomial's published check value
    [InlineData("The quick brown fox jumps over the lazy dog", 0x414FA339u)]
    public void ChecksumsAreThoseOfZip(string text, uint expected)
    {
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(text);
        Assert.Equal(expected, Crc32.Add(0, bytes));
        for (int cut = 0; cut <= bytes.Length; cut++)
            Assert.Equal(expected, Crc32.Add(Crc32.Add(0, bytes.AsSpan(0, cut)), bytes.AsSpan(cut)));
    }

    [Theory]
    [InlineData(ElementType.F16, 1f + 1f / 2048, 1f)]
    [InlineData(ElementType.F16, 1f + 3f / 2048, 1f + 1f / 512)]
    [InlineData(ElementType.F16, 1e6f, float.PositiveInfinity)]
    [InlineData(ElementType.BF16, 1f + 1f / 256, 1f)]
    [InlineData(ElementType.BF16, 1f + 3f / 256, 1f + 1f / 64)]
    [InlineData(ElementType.BF16, float.NaN, float.NaN)]
    public void NarrowStorageRoundsToNearestEvenAndComesBackExactly(ElementType type, float value, float expected)
    {
        using var folder = new TestFolder();
        TorchArchiveWriter.Write(folder["x"], new TorchDict
        {
            { "w", Tensor.From([value], 1) }, { "full", new TorchTensor(Tensor.From([value], 1), ElementType.F32) },
        }, type);
        using TensorFile file = TensorFile.Open(folder["x"]);
        Assert.Equal(type, file.Tensors["w"].Type);
        Assert.Equal(expected, file.Tensors["w"].ToTensor().Span[0]);
        Assert.Equal(value, file.Tensors["full"].ToTensor().Span[0]);
    }

    [Fact]
    public void WhatCannotBeWrittenLeavesNothing()
    {
        using var folder = new TestFolder();
        var tensor = new Tensor(1);
        Assert.ThrowsAny<ArgumentException>(() => TorchArchiveWriter.Write(folder["x"], new TorchDict { { "a", 1m } }));
        Assert.ThrowsAny<ArgumentException>(() => TorchArchiveWriter.Write(
            folder["x"], new TorchDict { { "a", tensor } }, ElementType.I8));
        Assert.ThrowsAny<ArgumentException>(() => TorchArchiveWriter.Write(
            folder["x"], new TorchDict { { "a", new TorchTensor(tensor, ElementType.F64) } }));
        Assert.Empty(Directory.GetFiles(folder.Root));
    }

    private static uint[] Bits(Tensor tensor) => [.. tensor.Span.ToArray().Select(BitConverter.SingleToUInt32Bits)];

    /// <summary>Bit by bit, as the standard defines it.</summary>
    private static uint Checksum(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }
}

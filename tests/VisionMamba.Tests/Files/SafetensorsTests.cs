using System.Text;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Tests.Files;

public class SafetensorsTests
{
    private static readonly Dictionary<string, string> Metadata =
        new() { ["größe"] = "zwei\n\"Zeilen\" 💧", ["a"] = "" };

    [Fact]
    public void WhatIsWrittenIsReadBitForBit()
    {
        using var folder = new TestFolder();
        Tensor[] tensors =
        [
            Tensor.From([1, -2.5f, float.NaN, float.NegativeInfinity, -0f, float.Epsilon], 2, 3),
            new Tensor(0, 5),
            Tensor.From([7]),
            Tensor.From([.. Enumerable.Range(0, 70000).Select(i => i * 0.1f)], 70000),
        ];
        SafetensorsWriter.Write(folder["x"], tensors.Select((t, i) => ($"ü.{i}", t)), Metadata);
        using TensorFile file = TensorFile.Open(folder["x"]);
        Assert.Equal(["ü.0", "ü.1", "ü.2", "ü.3"], file.Tensors.Keys);
        Assert.Equal(Metadata.OrderBy(p => p.Key), file.Metadata.OrderBy(p => p.Key));
        for (int i = 0; i < tensors.Length; i++)
        {
            Tensor read = file.Tensors[$"ü.{i}"].ToTensor();
            Assert.Equal(tensors[i].Shape.ToArray(), read.Shape.ToArray());
            Assert.Equal(Bits(tensors[i]), Bits(read));
            Assert.Equal(tensors[i].Count == 0, read.Storage.OwnsMemory);
        }
    }

    [Fact]
    public void EqualInputsGiveEqualBytesWithAlignedData()
    {
        using var folder = new TestFolder();
        (string, Tensor)[] tensors = [("b", Tensor.From([1, 2], 2)), ("a", Tensor.From([3], 1))];
        SafetensorsWriter.Write(folder["x"], tensors, Metadata);
        SafetensorsWriter.Write(folder["y"], tensors, Metadata.Reverse().ToDictionary());
        byte[] bytes = File.ReadAllBytes(folder["x"]);
        Assert.Equal(bytes, File.ReadAllBytes(folder["y"]));
        Assert.Equal(0, (bytes.Length - 12) % 64);
        Assert.Equal(["x", "y"], Directory.GetFiles(folder.Root).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData(ElementType.F16, 65504f, 65504f)]
    [InlineData(ElementType.F16, 1f + 1f / 2048, 1f)]
    [InlineData(ElementType.F16, 1f + 3f / 2048, 1f + 1f / 512)]
    [InlineData(ElementType.F16, 1e6f, float.PositiveInfinity)]
    [InlineData(ElementType.BF16, 1f + 1f / 256, 1f)]
    [InlineData(ElementType.BF16, 1f + 3f / 256, 1f + 1f / 64)]
    [InlineData(ElementType.BF16, float.MaxValue, float.PositiveInfinity)]
    [InlineData(ElementType.BF16, -3e38f, -3.0040553e38f)]
    [InlineData(ElementType.BF16, float.NaN, float.NaN)]
    public void NarrowStorageRoundsToNearestEven(ElementType type, float value, float expected)
    {
        using var folder = new TestFolder();
        SafetensorsWriter.Write(folder["x"], [("w", Tensor.From([value], 1))], null, type);
        using TensorFile file = TensorFile.Open(folder["x"]);
        Assert.Equal(type, file.Tensors["w"].Type);
        float read = file.Tensors["w"].ToTensor().Span[0];
        Assert.True(read.Equals(expected) || Math.Abs(read - expected) < 1e-4f * Math.Abs(expected), $"{read}");
    }

    [Fact]
    public void ANaNWhosePayloadIsInTheLowerBitsStaysANaN()
    {
        using var folder = new TestFolder();
        float nan = BitConverter.UInt32BitsToSingle(0x7F800001);
        SafetensorsWriter.Write(folder["x"], [("w", Tensor.From([nan], 1))], null, ElementType.BF16);
        using TensorFile file = TensorFile.Open(folder["x"]);
        Assert.Equal(float.NaN, file.Tensors["w"].ToTensor().Span[0]);
    }

    [Fact]
    public void UnalignedNumbersAreCopied()
    {
        using var folder = new TestFolder();
        string json = """
            {"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}
            """;
        using TensorFile file = TensorFile.Open(folder.Put(Safetensors(json, [9, .. PickleWriter.Floats(1.5f, 2.5f)])));
        Assert.Equal([1.5f, 2.5f], file.Tensors["w"].ToTensor().Span.ToArray());
        Assert.Equal([9L], file.Tensors["a"].ToInt64());
    }

    [Fact]
    public void NamesMustBeUniqueAndFree()
    {
        using var folder = new TestFolder();
        var tensor = new Tensor(1);
        (string, Tensor)[] twice = [("a", tensor), ("a", tensor)];
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder["x"], twice, null));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder["x"], [("__metadata__", tensor)], null));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder["x"], [], null, ElementType.I64));
        Assert.Empty(Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void AFailingWriteLeavesTheOldFile()
    {
        using var folder = new TestFolder();
        AtomicFile.WriteText(folder["sub/log.json"], "old ü");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(folder["sub/log.json"], stream =>
        {
            stream.Write("new"u8);
            throw new InvalidOperationException();
        }));
        Assert.Equal("old ü"u8.ToArray(), File.ReadAllBytes(folder["sub/log.json"]));
        Assert.Single(Directory.GetFiles(folder["sub"]));
        AtomicFile.WriteText(folder["sub/log.json"], "newer");
        Assert.Equal("newer", File.ReadAllText(folder["sub/log.json"]));
        var error = Assert.Throws<VisionMambaException>(() => AtomicFile.WriteText(folder["sub"], ""));
        Assert.Contains(folder["sub"], error.Message);
        error = Assert.Throws<VisionMambaException>(() => AtomicFile.WriteText(folder["sub/log.json/x"], ""));
        Assert.Contains("log.json", error.Message);
    }

    internal static byte[] Safetensors(string json, params byte[] data)
    {
        byte[] header = Encoding.UTF8.GetBytes(json);
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. data];
    }

    private static uint[] Bits(Tensor tensor) => [.. tensor.Span.ToArray().Select(BitConverter.SingleToUInt32Bits)];
}

using System.IO.Compression;
using System.Numerics;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Tests.Files;

/// <summary>kinds.pth was written by torch; the numbers here are what torch printed for it.</summary>
public class TorchFileTests
{
    private static readonly float[] Quarters = [.. Enumerable.Range(0, 12).Select(i => i / 4f - 1)];

    public static TheoryData<string, ElementType, int[], float[]> Arrays => new()
    {
        { "plain", ElementType.F32, [3, 4], Quarters },
        { "transposed", ElementType.F32, [4, 3], [-1, 0, 1, -.75f, .25f, 1.25f, -.5f, .5f, 1.5f, -.25f, .75f, 1.75f] },
        { "row", ElementType.F32, [4], [0, .25f, .5f, .75f] },
        { "step", ElementType.F32, [3, 2], [-1, -.5f, 0, .5f, 1, 1.5f] },
        { "half", ElementType.F16, [2, 4], Quarters[4..] },
        { "brain", ElementType.BF16, [3, 4], Quarters },
        { "expanded", ElementType.F32, [3, 4], [.. Quarters[..4], .. Quarters[..4], .. Quarters[..4]] },
        { "parameter", ElementType.F32, [2, 4], Quarters[..8] },
        { "long", ElementType.I64, [3], [-1, 0, 1L << 40] },
        { "double", ElementType.F64, [3, 4], Quarters },
        { "int", ElementType.I32, [2], [-7, 7] },
        { "short", ElementType.I16, [2], [-300, 300] },
        { "signed", ElementType.I8, [2], [-128, 127] },
        { "byte", ElementType.U8, [2], [0, 255] },
        { "bool", ElementType.Bool, [3, 4], [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1] },
        { "scalar", ElementType.F32, [], [3.5f] },
        { "empty", ElementType.F32, [0, 3], [] },
        { "größe", ElementType.F32, [2], [1.25f, 1.5f] },
        { "permuted", ElementType.F32, [4, 2, 3], [.. Enumerable.Range(0, 24).Select(i => i % 6 * 4f + i / 6)] },
        { "strided_parts", ElementType.F32, [3, 2, 2], [5, 8, 10, 13, 25, 28, 30, 33, 45, 48, 50, 53] },
    };

    [Theory]
    [MemberData(nameof(Arrays))]
    public void ArraysEqualWhatTorchSaved(string name, ElementType type, int[] shape, float[] expected)
    {
        using TensorFile file = TensorFile.Open(TestFolder.Fixture("kinds.pth"));
        StoredTensor stored = file.Tensors[name];
        Assert.Equal(type, stored.Type);
        Assert.Equal(shape, stored.Shape.ToArray());
        Assert.Equal(expected, stored.ToTensor().Span.ToArray());
        Assert.Equal(expected, stored.ToOwnedTensor().Span.ToArray());
        Assert.Equal(name, stored.ToTensor().Name);
        if (!type.IsFloat())
            Assert.Equal(expected.Select(value => (long)value), stored.ToInt64());
        else
            Assert.Throws<VisionMambaException>(stored.ToInt64);
    }

    [Fact]
    public void TheListIsComplete()
    {
        using TensorFile file = TensorFile.Open(TestFolder.Fixture("kinds.pth"));
        Assert.Equal(Arrays.Select(row => row.Data.Item1), file.Tensors.Keys);
        Assert.Equal("model", file.StateDictKey);
        Assert.Null(file.StateDict("optimizer_of_another"));
    }

    [Theory]
    [InlineData("plain", true)]
    [InlineData("row", true)]
    [InlineData("scalar", true)]
    [InlineData("transposed", false)]
    [InlineData("expanded", false)]
    [InlineData("half", false)]
    [InlineData("empty", false)]
    public void OnlyContiguousFp32IsViewedInPlace(string name, bool viewed)
    {
        using TensorFile file = TensorFile.Open(TestFolder.Fixture("kinds.pth"));
        Assert.Equal(viewed, file.Tensors[name].IsViewable);
        Assert.NotEqual(viewed, file.Tensors[name].ToTensor().Storage.OwnsMemory);
        Assert.True(file.Tensors[name].ToOwnedTensor().Storage.OwnsMemory);
    }

    [Theory]
    [InlineData("module.b", "a", "b")]
    [InlineData("b", "module.a", "b")]
    public void ThePrefixOfAWrappedModelGoesOnlyWhereAllHaveIt(string second, string firstRead, string secondRead)
    {
        byte[] pickle = new PickleWriter().Op('}').Text("module.a").Tensor("FloatStorage", "0", 1, 0, [1], [1]).Op('s')
            .Text(second).Tensor("FloatStorage", "0", 1, 0, [1], [1]).Op('s').Stop();
        using var folder = new TestFolder();
        using TensorFile file = TensorFile.Open(
            folder.Put(PickleWriter.Archive(pickle, ("data/0", PickleWriter.Floats(5)))));
        Assert.Equal([firstRead, secondRead], file.Tensors.Keys);
    }

    [Fact]
    public void TheRestOfTheTreeIsReachable()
    {
        using TensorFile file = TensorFile.Open(TestFolder.Fixture("kinds.pth"));
        PickleValue root = file.Root!;
        Assert.Equal("7", file.Metadata["epoch"]);
        Assert.Equal("0.006", file.Metadata["args.lr"]);
        Assert.Equal("é", file.Metadata["args.name"]);
        Assert.DoesNotContain("nothing", file.Metadata);
        Assert.Equal(BigInteger.Pow(2, 70), ((PickleScalar)root["big"]!).Value);
        Assert.Equal(91.25, root["best"]!.Number);
        Assert.Equal(-3, root["count"]!.Integer);
        Assert.Equal(0.5, root["single"]!.Number);
        Assert.Equal("zwei\nZeilen", root["note"]!.Text);
        Assert.True(root["flag"]!.Truth);
        Assert.Equal(1, root["args"]!["inner"]!["a"]!.Integer);
        var deep = ((PickleDict)root["nested"]!["a"]!)[1]!;
        Assert.Equal(3.5, deep.Items[1].Items[0].Number);
        Assert.Equal("abc"u8.ToArray(), ((PickleScalar)deep.Items[1].Items[1]["x"]!).Value);
        Assert.Equal(SequenceKind.Set, ((PickleSequence)root["nested"]!["set"]!).Kind);
        Assert.Equal([2L, 3L], root["size"]!.Items.Select(item => item.Integer!.Value));
        Assert.Equal("torch.device", ((ForeignObject)root["device"]!).Name);
        Assert.Equal("torch.float16", ((ForeignObject)root["dtype"]!).Name);
        Assert.IsType<ForeignObject>(root["complex"]);
        Assert.IsType<ForeignObject>(root["sparse"]);
        Assert.Equal(1, root["model"]!.State!["_metadata"]![""]!["version"]!.Integer);
        var optimizer = (PickleDict)root["optimizer"]!["state"]!;
        Assert.Equal(Quarters, optimizer[0]!["exp_avg"]!.Tensor!.ToTensor().Span.ToArray());
    }

    [Fact]
    public void Protocol4AndABareStateDict()
    {
        using TensorFile file = TensorFile.Open(TestFolder.Fixture("protocol4.pth"));
        Assert.Equal("", file.StateDictKey);
        Assert.Equal(Quarters, file.Tensors["w"].ToTensor().Span.ToArray());
        Assert.Equal(Quarters, file.Tensors["b"].ToTensor().Span.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TensorsOutliveTheFile(bool compressed)
    {
        using var folder = new TestFolder();
        string path = folder.Put(PickleWriter.Archive(
            compressed ? CompressionLevel.Optimal : CompressionLevel.NoCompression,
            PickleWriter.OneTensor("FloatStorage", 64, 2, [60], [1]),
            ("data/0", PickleWriter.Floats([.. Enumerable.Repeat(1.5f, 64)]))));
        TensorFile file = TensorFile.Open(path);
        StoredTensor stored = file.Tensors["w"];
        Tensor tensor = stored.ToTensor();
        file.Dispose();
        Assert.All(tensor.Span.ToArray(), value => Assert.Equal(1.5f, value));
        if (!compressed)
            Assert.Throws<ObjectDisposedException>(stored.ToTensor);
    }

    [Fact]
    public void BigEndianNumbersAreTurned()
    {
        using var folder = new TestFolder();
        string path = folder.Put(PickleWriter.Archive(
            PickleWriter.OneTensor("ShortStorage", 2, 0, [2], [1]),
            ("data/0", [0x01, 0x02, 0xFF, 0xFE]), ("byteorder", "big"u8.ToArray())));
        using TensorFile file = TensorFile.Open(path);
        Assert.Equal([0x0102, -2], file.Tensors["w"].ToInt64());
    }

    [Fact]
    public void UntypedStorageTakesTheTypeOfTheTensor()
    {
        byte[] pickle = new PickleWriter().Op('}').Text("w").Global("torch._utils", "_rebuild_tensor_v3")
            .Op('(', '(').Text("storage").Global("torch.storage", "UntypedStorage").Text("0").Text("cpu").Int(16)
            .Op('t', 'Q').Int(1).Ints(3).Ints(1).Op('\u0089').Global("collections", "OrderedDict").Op(')', 'R')
            .Global("torch", "float32").Op('t', 'R', 's').Stop();
        using var folder = new TestFolder();
        string path = folder.Put(PickleWriter.Archive(pickle, ("data/0", PickleWriter.Floats(1, 2, 3, 4))));
        using TensorFile file = TensorFile.Open(path);
        Assert.Equal([2f, 3, 4], file.Tensors["w"].ToTensor().Span.ToArray());
    }

    [Theory]
    [InlineData("state_dict")]
    [InlineData("model_state_dict")]
    [InlineData("module")]
    [InlineData("net")]
    [InlineData("model_ema")]
    public void StateDictsAreFoundUnderTheirUsualNames(string key)
    {
        byte[] pickle = new PickleWriter().Op('}').Text("epoch").Int(3).Op('s').Text(key).Op('}').Text("w")
            .Tensor("FloatStorage", "0", 1, 0, [1], [1]).Op('s', 's').Stop();
        using var folder = new TestFolder();
        using TensorFile file = TensorFile.Open(
            folder.Put(PickleWriter.Archive(pickle, ("data/0", PickleWriter.Floats(5)))));
        Assert.Equal(key, file.StateDictKey);
        Assert.Equal(["w"], file.Tensors.Keys);
        Assert.Equal(["w"], file.StateDict(key)!.Keys);
    }
}

using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Tests.Files;

/// <summary>Pickles that would do something in Python are data here.</summary>
public class InertPickleTests
{
    private static readonly (string, byte[]) Data = ("data/0", PickleWriter.Floats(1, 2, 3, 4));

    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("System.Diagnostics", "Process")]
    public void ACallIsOnlyNamed(string module, string function)
    {
        using var folder = new TestFolder();
        string mark = folder["mark"];
        byte[] pickle = new PickleWriter().Op('}').Text("evil").Global(module, function).Text($"touch {mark}")
            .Op('\u0085', 'R').Op('s').Text("w").Tensor("FloatStorage", "0", 4, 1, [3], [1]).Op('s').Stop();
        using TensorFile file = TensorFile.Open(folder.Put(PickleWriter.Archive(pickle, Data)));
        var evil = Assert.IsType<ForeignObject>(file.Root!["evil"]);
        Assert.Equal($"{module}.{function}", evil.Name);
        Assert.Equal($"touch {mark}", evil.Arguments!.Items[0].Text);
        Assert.Equal(["w"], file.Tensors.Keys);
        Assert.False(File.Exists(mark));
    }

    [Fact]
    public void InstancesKeepTheirState()
    {
        byte[] pickle = new PickleWriter().Global("my.module", "Thing").Op(')', '\u0081', '}').Text("size").Int(3)
            .Op('s', 'b').Text("k").Int(1).Op('s').Int(5).Op('a').Stop();
        PickleValue thing = Read(pickle);
        Assert.Equal("my.module.Thing", ((ForeignObject)thing).Name);
        Assert.Equal(3, thing["size"]!.Integer);
        Assert.Equal(1, thing["k"]!.Integer);
        Assert.Equal(5, thing.Items[0].Integer);
    }

    [Fact]
    public void AValueMayContainItself()
    {
        // d = {}; d["self"] = d; d["list"] = [d, [...]]
        byte[] pickle = new PickleWriter().Op('}', 'q', '\0').Text("self").Op('h', '\0', 's').Text("list")
            .Op(']', 'q', '\u0001').Op('h', '\0', 'a', 'h', '\u0001', 'a', 's').Stop();
        PickleValue root = Read(pickle);
        Assert.Same(root, root["self"]);
        Assert.Same(root["list"], root["list"]!.Items[1]);
        Assert.Same(root, root["list"]!.Items[0]);
    }

    [Fact]
    public void ANamespaceMayBeItsOwnState()
    {
        byte[] pickle = new PickleWriter().Global("argparse", "Namespace").Op(')', '\u0081', 'q', '\0')
            .Op('h', '\0', 'b').Stop();
        Assert.Empty(Assert.IsType<PickleDict>(Read(pickle)).Entries);
    }

    [Fact]
    public void SharedPartsDoNotMultiply()
    {
        // 60 lists, each holding the one before twice: 2^60 leaves when walked without care.
        var writer = new PickleWriter().Op(']', 'q', '\0');
        for (int i = 1; i <= 60; i++)
            writer.Op(']', 'q', (char)i, 'h', (char)(i - 1), 'a', 'h', (char)(i - 1), 'a');
        PickleValue root = Read(writer.Stop());
        Assert.Same(root.Items[0], root.Items[1]);
    }

    [Fact]
    public void EveryKindOfScalarInEveryProtocol()
    {
        byte[] pickle = new PickleWriter().Op('(').Raw("I42\nI01\nI00\nL-7L\nF1.5\nS'ab'\nVcd\n"u8)
            .Raw([(byte)'J', 255, 255, 255, 255, (byte)'K', 7, (byte)'M', 1, 1]).Raw([0x8a, 0, 0x8b, 1, 0, 0, 0, 0x80])
            .Raw([(byte)'G', 0xC0, 0, 0, 0, 0, 0, 0, 0, (byte)'U', 1, 0xE9, 0x8c, 2, 0xC3, 0xA9, (byte)'C', 1, 9])
            .Op('N', '\u0088', '\u0089', 't').Stop();
        object?[] values = [.. Read(pickle).Items.Select(item => ((PickleScalar)item).Value)];
        object?[] expected =
        [
            42L, true, false, -7L, 1.5, "ab", "cd", -1L, 7L, 257L, 0L, -128L, -2.0, "é", "é",
            new byte[] { 9 }, null, true, false,
        ];
        Assert.Equal(expected, values);
    }

    [Fact]
    public void ContainersOfEveryKind()
    {
        byte[] pickle = new PickleWriter().Op('(', '(').Int(1).Int(2).Op('l', '(').Int(1).Int(2)
            .Op('d', '\u008f', '(').Int(3).Op('\u0090', '(').Int(4).Op('\u0091').Int(5).Op('2', '\u0086')
            .Op('(').Int(6).Op('1', 't').Stop();
        IReadOnlyList<PickleValue> items = Read(pickle).Items;
        Assert.Equal([1L, 2L], items[0].Items.Select(item => item.Integer!.Value));
        Assert.Equal(2, ((PickleDict)items[1])[1]!.Integer);
        Assert.Equal(3, items[2].Items[0].Integer);
        Assert.Equal(SequenceKind.Set, ((PickleSequence)items[3]).Kind);
        Assert.Equal([5L, 5L], items[4].Items.Select(item => item.Integer!.Value));
        Assert.Equal(5, items.Count);
    }

    /// <summary>
    /// Any byte of a real file may be wrong: that ends in an error of ours or in values, never in anything else.
    /// </summary>
    [Theory]
    [InlineData("kinds.pth", 3000)]
    [InlineData("protocol4.pth", 3000)]
    [InlineData("small.safetensors", 3000)]
    public void FlippedBytesNeverEscape(string name, int rounds)
    {
        using var folder = new TestFolder();
        if (name == "small.safetensors")
            SafetensorsWriter.Write(folder[name], [("a.weight", new Tensor(2, 3)), ("b", new Tensor(4))], null);
        byte[] good = File.ReadAllBytes(File.Exists(folder[name]) ? folder[name] : TestFolder.Fixture(name));
        var rng = new Rng(17, 0);
        ulong draw = 0;
        int refused = 0;
        for (int round = 0; round < rounds; round++)
        {
            byte[] bad = [.. good];
            for (int flips = 1 + rng.Below(draw++, 4); flips > 0; flips--)
                bad[rng.Below(draw++, bad.Length)] = (byte)rng.Bits(draw++);
            refused += OpensOrRefuses(folder.Put(bad)) ? 0 : 1;
        }

        Assert.InRange(refused, 1, rounds - 1);
    }

    private static bool OpensOrRefuses(string path)
    {
        try
        {
            using TensorFile file = TensorFile.Open(path);
            foreach (StoredTensor stored in file.Tensors.Values)
                stored.ToOwnedTensor();
            return true;
        }
        catch (VisionMambaException error)
        {
            Assert.StartsWith(path, error.Message);
            Assert.DoesNotContain('\n', error.Message);
            return false;
        }
    }

    private static PickleValue Read(byte[] pickle)
    {
        using var folder = new TestFolder();
        using TensorFile file = TensorFile.Open(folder.Put(PickleWriter.Archive(pickle, Data)));
        return file.Root!;
    }
}

using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Tests.Models;

namespace VisionMamba.Tests.Files;

/// <summary>Packs with one thing broken: each is one line that names the file, and costs next to no memory.</summary>
public sealed class HostilePackTests : IDisposable
{
    private const long MaxAllocated = 16 << 20;
    private const string Config = "visionmamba.config", Method = "visionmamba.method", Card = "visionmamba.card";
    private const string Pack = "visionmamba.pack";
    private readonly TestFolder _folder = new();

    public static TheoryData<string, string, string, string> Metadata => new()
    {
        { "no config", Config, "", "architecture" },
        { "config no json", Config, "{nonsense", Config },
        { "config an array", Config, "[]", Config },
        { "config null", Config, "null", Config },
        { "config without sizes", Config, "{}", Config },
        { "size a text", Config, Edit("\"depth\":4", "\"depth\":\"four\""), Config },
        { "size a fraction", Config, Edit("\"depth\":4", "\"depth\":4.5"), Config },
        { "size beyond 32 bits", Config, Edit("\"depth\":4", "\"depth\":99999999999"), Config },
        { "negative depth", Config, Edit("\"depth\":4", "\"depth\":-1"), Config },
        { "absurd depth", Config, Edit("\"depth\":4", "\"depth\":2000000000"), "blocks" },
        { "absurd width", Config, Edit("\"dim\":20", "\"dim\":2000000000"), "size" },
        {
            "absurd image", Config,
            Edit("\"image_size\":24", "\"image_size\":1000000").Replace("\"stride\":4", "\"stride\":1"), "patches"
        },
        { "stride 0", Config, Edit("\"stride\":4", "\"stride\":0"), Config },
        { "image below patch", Config, Edit("\"image_size\":24", "\"image_size\":4"), Config },
        { "another width", Config, Edit("\"dim\":20", "\"dim\":24"), "expected" },
        { "more classes", Config, Edit("\"classes\":5", "\"classes\":1000000"), "head.weight" },
        { "more layers", Config, Edit("\"depth\":4", "\"depth\":6"), "missing prompt_generator.4" },
        { "three heads", Config, Edit("\"head_layers\":1", "\"head_layers\":3"), Config },
        {
            "sizes whose product is absurd", Config,
            Edit("\"dim\":20", "\"dim\":1048576").Replace("\"channels\":3", "\"channels\":1048576"), "2^31"
        },
        { "an unknown norm", Config, Edit("\"norm\":\"rms\"", "\"norm\":\"batch\""), "'batch'" },
        { "a later version", "visionmamba.format", "2", "visionmamba.format is '2'" },
        { "simam a number", Config, Edit("\"simam\":false", "\"simam\":7"), Config },
        { "no method", Method, "", "method" },
        { "unknown method", Method, """{"name":"magic"}""", "magic" },
        { "method a number", Method, """{"name":7}""", Method },
        { "method no object", Method, "\"svp\"", Method },
        { "settings of texts", Method, """{"name":"svp","settings":{"shared_layers":"x"}}""", Method },
        { "shared layers 0", Method, """{"name":"svp","settings":{"shared_layers":0}}""", "shared" },
        {
            "absurd inner width", Method,
            """{"name":"svp","settings":{"shared_layers":2,"inner_width":2147483647}}""", "inner width must be"
        },
        {
            "absurd scale rows", Method,
            """{"name":"svp","settings":{"shared_layers":2,"inner_width":6,"scale_rows":2147483647}}""", "prompt_scale"
        },
        { "another method", Method, """{"name":"linear"}""", "unexpected prompt_scale" },
        { "card no json", Card, "{", Card },
        { "classes of objects", Card, """{"classes":[{}]}""", Card },
        { "two classes", Card, """{"classes":["a","b"]}""", "2 classes" },
        { "no pack format", Pack, "{}", "format" },
        { "format a number", Pack, """{"format":1}""", Pack },
        {
            "newer format", Pack,
            """{"format":"9","hash":"sha256-fp32-v1","backbone_hash":"a","backbone_name":"b"}""", "'9'"
        },
        { "another hash", Pack, """{"format":"1","hash":"md5","backbone_hash":"a","backbone_name":"b"}""", "md5" },
        { "no backbone", Pack, """{"format":"1","hash":"sha256-fp32-v1"}""", "backbone_hash" },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Metadata), DisableDiscoveryEnumeration = true)]
    public void BrokenMetadataIsOneLine(string what, string key, string value, string says)
    {
        (List<(string, Tensor)> tensors, Dictionary<string, string> metadata) = Good();
        if (value.Length == 0)
            metadata.Remove(key);
        else
            metadata[key] = value;
        SafetensorsWriter.Write(_folder["x.pack"], tensors, metadata);
        Assert.Contains(says, Refused(what));
    }

    [Theory]
    [InlineData("head.bias", "missing head.bias")]
    [InlineData("prompt_scale", "missing prompt_scale")]
    public void AMissingTensorIsNamed(string name, string says)
    {
        (List<(string Name, Tensor)> tensors, Dictionary<string, string> metadata) = Good();
        tensors.RemoveAll(t => t.Name == name);
        SafetensorsWriter.Write(_folder["x.pack"], tensors, metadata);
        Assert.Contains(says, Refused(name));
    }

    [Fact]
    public void AForeignOrMisshapenTensorIsNamed()
    {
        (List<(string Name, Tensor Tensor)> tensors, Dictionary<string, string> metadata) = Good();
        tensors.Add(("layers.9.mixer.D", new Tensor(3)));
        tensors[tensors.FindIndex(t => t.Name == "head.bias")] = ("head.bias", new Tensor(2));
        SafetensorsWriter.Write(_folder["x.pack"], tensors, metadata);
        string message = Refused("foreign");
        Assert.Contains("unexpected layers.9.mixer.D", message);
        Assert.Contains("head.bias is (2), expected (5)", message);
    }

    [Fact]
    public void EveryTruncationIsRefused()
    {
        (List<(string, Tensor)> tensors, Dictionary<string, string> metadata) = Good();
        SafetensorsWriter.Write(_folder["good"], tensors, metadata);
        byte[] whole = File.ReadAllBytes(_folder["good"]);
        PromptPack.Open(_folder["good"]);
        for (int length = 0; length < whole.Length; length += 1 + (length / 50))
        {
            _folder.Put(whole[..length], "x.pack");
            Refused($"cut at {length}");
        }
    }

    private static (List<(string Name, Tensor Tensor)> Tensors, Dictionary<string, string> Metadata) Good()
    {
        using var folder = new TestFolder();
        VisionMamba.Models.VisionMambaModel model = SmallModels.Create(
            "svp", """{"shared_layers":2,"inner_width":6}""");
        var card = new ModelCard { Classes = ["a", "b", "c", "d", "e"] };
        PromptPack.Save(folder["good"], model, card, "base.pth", ownPositions: false);
        using TensorFile file = TensorFile.Open(folder["good"]);
        return ([.. file.Tensors.Select(t => (t.Key, t.Value.ToOwnedTensor()))], file.Metadata.ToDictionary());
    }

    private static string Edit(string from, string to)
    {
        string config = Good().Metadata[Config];
        Assert.Contains(from, config);
        return config.Replace(from, to);
    }

    private string Refused(string what)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        string message = Assert.Throws<VisionMambaException>(() => PromptPack.Open(_folder["x.pack"])).Message;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < MaxAllocated, $"{what}: allocated {allocated} bytes");
        Assert.StartsWith(_folder["x.pack"], message);
        Assert.DoesNotContain('\n', message);
        return message;
    }
}

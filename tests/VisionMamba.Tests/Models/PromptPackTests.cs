using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Tests.Files;

namespace VisionMamba.Tests.Models;

public sealed class PromptPackTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly VisionMambaModel _base = SmallModels.Create("full");

    public PromptPackTests() => ModelFile.Save(_folder["base.safetensors"], _base, new ModelCard());

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("svp", """{"shared_layers":3,"inner_width":7,"cross_prompt_source":"token"}""")]
    [InlineData("svp", """{"shared_layers":2,"prompt_depth":3,"dropout":0.25}""")]
    [InlineData("linear", "{}")]
    public void BackboneAndPackGiveTheWholeModelsLogitsBitForBit(string method, string settings)
    {
        VisionMambaModel model = SmallModels.On(_base, method, settings);
        var card = new ModelCard { Classes = ["a", "b", "c", "d", "é,\""], Preprocessing = new() { ["size"] = 24 } };
        PromptPack.Save(_folder["pack"], model, card, "base.safetensors", ownPositions: false);
        LoadedModel loaded = PromptPack.Open(_folder["pack"]).Attach(Backbone.Open(_folder["base.safetensors"]));
        Assert.Equal(SmallModels.Logits(model), SmallModels.Logits(loaded.Model));
        Assert.NotEqual(SmallModels.Logits(_base), SmallModels.Logits(loaded.Model));
        Assert.Equal(model.Config, loaded.Model.Config);
        Assert.Equal(model.Method.Settings.ToJsonString(), loaded.Model.Method.Settings.ToJsonString());
        Assert.Equal(card.Classes, loaded.Card.Classes);
        Assert.Equal(24, (int)loaded.Card.Preprocessing!["size"]!);
        Assert.True(new FileInfo(_folder["pack"]).Length < new FileInfo(_folder["base.safetensors"]).Length);
    }

    [Fact]
    public void ManyPacksShareOneBackbonesMemory()
    {
        Backbone backbone = Backbone.Open(_folder["base.safetensors"], copy: true);
        var models = new List<VisionMambaModel>();
        foreach (ulong seed in new ulong[] { 1, 2, 3 })
        {
            VisionMambaModel whole = SmallModels.On(_base, "svp", """{"shared_layers":2}""", seed);
            PromptPack.Save(_folder[$"{seed}"], whole, new ModelCard(), "base", ownPositions: false);
            models.Add(PromptPack.Open(_folder[$"{seed}"]).Attach(backbone).Model);
            Assert.Equal(SmallModels.Logits(whole), SmallModels.Logits(models[^1]));
        }

        foreach (Tensor first in models[0].Parameters.All)
        {
            Tensor second = models[1].Parameters[first.Name!];
            Assert.Equal(BackboneContent.Includes(first.Name!), ReferenceEquals(first.Storage, second.Storage));
            Assert.NotSame(first, second);
        }
    }

    [Fact]
    public void TheHashIsWhatItsDefinitionSays()
    {
        string text = string.Concat(_base.Parameters.All
            .Where(p => !p.Name!.StartsWith("head.", StringComparison.Ordinal))
            .OrderBy(p => p.Name, StringComparer.Ordinal)
            .Select(p => $"{p.Name} {string.Join('x', p.Shape.ToArray())} "
                + $"{Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(p.Span)))}\n"));
        string expected = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(expected, Backbone.Open(_folder["base.safetensors"]).Hash(new HashSet<string>()));
    }

    [Fact]
    public void TheHashDoesNotDependOnFormatOrderOrOtherTensors()
    {
        string hash = HashOf("base.safetensors");
        List<string> notes = [];
        ModelExport.Torch(_folder["a.pth"], _base, new ModelCard(), CheckpointLayout.Plain, ElementType.F32, notes);
        ModelFile.Save(
            _folder["b"], SmallModels.On(_base, "svp"), new ModelCard(),
            [("optimizer:exp_avg:head.weight", new Tensor(3))]);
        ModelFile.Save(_folder["c"], SmallModels.On(_base, "full", seed: 77), new ModelCard());
        Assert.Equal([hash, hash, hash], new[] { "a.pth", "b", "c" }.Select(HashOf));
        ModelExport.Safetensors(_folder["d"], _base, new ModelCard(), CheckpointLayout.Native, ElementType.F16, notes);
        VisionMambaModel other = SmallModels.Create("full");
        other.Parameters["layers.3.mixer.D_b"].Span[5] += 1e-6f;
        ModelFile.Save(_folder["e"], other, new ModelCard());
        Assert.Equal(3, new[] { hash, HashOf("d"), HashOf("e") }.Distinct().Count());
    }

    [Fact]
    public void AWrongBackboneIsRefusedByName()
    {
        PromptPack.Save(
            _folder["pack"], SmallModels.On(_base, "svp"), new ModelCard(), "vim_s.pth", ownPositions: false);
        PromptPack pack = PromptPack.Open(_folder["pack"]);
        ModelFile.Save(_folder["other"], SmallModels.Create("full", seed: 5), new ModelCard());
        string message = Refused(() => pack.Attach(Backbone.Open(_folder["other"])));
        string[] parts = [_folder["other"], _folder["pack"], "vim_s.pth", pack.BackboneHash, HashOf("other")];
        foreach (string part in parts)
            Assert.Contains(part, message);
        List<string> notes = [];
        ModelExport.Safetensors(
            _folder["half"], _base, new ModelCard(), CheckpointLayout.Native, ElementType.F16, notes);
        Assert.Contains("fp16", Refused(() => pack.Attach(Backbone.Open(_folder["half"]))));
        VisionMambaConfig smaller = SmallModels.Config with { Depth = 2 };
        ModelFile.Save(_folder["small"], SmallModels.Create("full", config: smaller), new ModelCard());
        Assert.Contains("2 layers", Refused(() => pack.Attach(Backbone.Open(_folder["small"]))));
    }

    [Fact]
    public void APackOnANarrowBackboneBelongsToThatOne()
    {
        List<string> notes = [];
        ModelExport.Torch(
            _folder["half.pth"], _base, new ModelCard(), CheckpointLayout.Released, ElementType.BF16, notes);
        VisionMambaModel narrow = ModelFile.Load(_folder["half.pth"]).Model, model = SmallModels.On(narrow, "svp");
        PromptPack.Save(_folder["pack"], model, new ModelCard(), "half.pth", ownPositions: false);
        PromptPack pack = PromptPack.Open(_folder["pack"]);
        Assert.Equal(
            SmallModels.Logits(model), SmallModels.Logits(pack.Attach(Backbone.Open(_folder["half.pth"])).Model));
        Refused(() => pack.Attach(Backbone.Open(_folder["base.safetensors"])));
        // Widened to fp32 the same numbers are the same backbone.
        ModelFile.Save(_folder["wide"], narrow, new ModelCard());
        Assert.Equal(SmallModels.Logits(model), SmallModels.Logits(pack.Attach(Backbone.Open(_folder["wide"])).Model));
    }

    [Fact]
    public void ResizedPositionEmbeddingsTravelWithThePack()
    {
        LoadedModel larger = ModelFile.LoadBackbone(
            _folder["base.safetensors"], SmallModels.Create("svp").Method, classes: 3, headLayers: 2, simAm: true,
            seed: 6, new LoadOptions { TargetImageSize = 40 });
        Assert.True(larger.ResizedPositions);
        PromptPack.Save(_folder["pack"], larger.Model, larger.Card, "base.safetensors", larger.ResizedPositions);
        LoadedModel loaded = PromptPack.Open(_folder["pack"]).Attach(Backbone.Open(_folder["base.safetensors"]));
        Assert.Equal(SmallModels.Logits(larger.Model), SmallModels.Logits(loaded.Model));
    }

    [Fact]
    public void AMethodThatTrainsEverythingHasNoPack()
    {
        string message = Refused(
            () => PromptPack.Save(_folder["pack"], _base, new ModelCard(), "base", ownPositions: false));
        Assert.Contains("'full'", message);
        Assert.False(File.Exists(_folder["pack"]));
    }

    [Fact]
    public void WhatIsNoPackOrNoBackboneIsTold()
    {
        PromptPack.Save(_folder["pack"], SmallModels.On(_base, "linear"), new ModelCard(), "base", ownPositions: false);
        Assert.Contains("--pack", Refused(() => ModelFile.Load(_folder["pack"])));
        Assert.Contains("--pack", Refused(() => Backbone.Open(_folder["pack"])));
        Assert.Contains("pack create", Refused(() => PromptPack.Open(_folder["base.safetensors"])));
        SafetensorsWriter.Write(_folder["no"], [("w", new Tensor(2))], null);
        Assert.Contains("no Vision Mamba", Refused(() => Backbone.Open(_folder["no"])));
    }

    private string HashOf(string file) => Backbone.Open(_folder[file]).Hash(new HashSet<string>());

    private static string Refused(Action action)
    {
        string message = Assert.Throws<VisionMambaException>(action).Message;
        Assert.DoesNotContain("\n", message);
        return message;
    }
}

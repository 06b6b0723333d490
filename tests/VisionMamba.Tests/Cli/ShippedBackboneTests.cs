using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors.Files;
using VisionMamba.Tests.Models;

namespace VisionMamba.Tests.Cli;

/// <summary>The backbones that come with the program open beside it and are what their READMEs say.</summary>
public sealed class ShippedBackboneTests
{
    [Theory]
    [InlineData("backbones/vim-64px-tiny-imagenet.safetensors", 1_121_872, 128, 64, 80, ElementType.F16)]
    [InlineData("Assets/demo-backbone.safetensors", 672_784, 96, 48, 16, ElementType.F32)]
    public void IsWhatItsReadmeSays(
        string file, long parameters, int width, int imageSize, int classes, ElementType stored)
    {
        string path = Path.Combine(AppContext.BaseDirectory, file);
        LoadedModel loaded = ModelFile.Load(path);
        Assert.Equal(parameters, loaded.Model.Parameters.All.Sum(p => p.Count));
        Assert.Equal(
            VisionMambaConfig.OfWidth(width) with
            {
                Depth = 8,
                Patch = 8,
                Stride = 8,
                ImageSize = imageSize,
                Classes = classes,
            },
            loaded.Model.Config);
        Assert.Equal("full", loaded.Model.Method.Name);
        Assert.Equal(classes, loaded.Card.Classes.Distinct().Count());
        using TensorFile tensors = TensorFile.Open(path);
        Assert.All(tensors.Tensors.Values, tensor => Assert.Equal(stored, tensor.Type));
        float[] logits = SmallModels.Logits(loaded.Model);
        Assert.Equal(classes, logits.Length);
        Assert.All(logits, logit => Assert.True(float.IsFinite(logit)));
    }
}

using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Planning;
using VisionMamba.Cli.Recipes;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Training;

namespace VisionMamba.Tests.Cli;

public sealed class RunPlanTests
{
    [Theory]
    [InlineData("svp", 96, 6, 48, 0, false)]
    [InlineData("svp", 192, 4, 64, 2, false)]
    [InlineData("full", 96, 6, 48, 0, false)]
    [InlineData("full", 192, 4, 64, 0, false)]
    [InlineData("linear", 96, 4, 64, 0, false)]
    [InlineData("svp", 96, 6, 48, 0, true)]
    [InlineData("svp", 192, 12, 64, 0, true)]
    [InlineData("full", 96, 6, 48, 0, true)]
    [InlineData("full", 192, 4, 64, 0, true)]
    [InlineData("linear", 96, 4, 64, 0, true)]
    public void TheFormulaOfActivationsIsWhatAStepTakes(
        string method, int dim, int depth, int size, int promptDepth, bool packed)
    {
        VisionMambaConfig config = VisionMambaConfig.OfWidth(
            dim) with
        { Depth = depth, ImageSize = size, Patch = 8, Stride = 8, Classes = 10 };
        var settings = new JsonObject { ["shared_layers"] = 2, ["inner_width"] = 32, ["prompt_depth"] = promptDepth };
        var model = new VisionMambaModel(config, TuningMethods.Create(method, settings), 0);
        using var backend = new CpuBackend(1) { PacksActivations = packed };
        StepProbe probe = StepProbe.Measure(model, backend, batch: 2, warmSeconds: 0);
        double ratio = (double)ActivationEstimate.BytesPerImage(model, backend)! / probe.ActivationBytesPerImage;
        Assert.InRange(ratio, 0.9, 1.15);
    }

    /// <summary>
    /// Vim-Small at 224 px, the most at a time beyond the weights: a forward pass, and a step of SVP as it is by
    /// default.
    /// </summary>
    [Fact]
    public void ActivationsOfVimSmallAreFew()
    {
        VisionMambaConfig small = VisionMambaConfig.Presets["small"];
        using var backend = new CpuBackend(2);
        var images = new Tensor(1, 3, small.ImageSize, small.ImageSize);
        using var forward = new ModelSession(
            new VisionMambaModel(small, TuningMethods.Create("linear", []), 0), backend);
        forward.Logits(images.Span, 1);
        Assert.InRange(forward.PeakBytes, 1, 3_000_000);
        using var step = new ModelSession(new VisionMambaModel(small, TuningMethods.Create("svp", []), 0), backend);
        step.Gradients(images, new Tensor(1, 1, small.Classes), new ForwardContext(true, new Rng(1, 2), 0));
        Assert.InRange(step.PeakBytes, 1, 45_000_000);
    }

    [Fact]
    public void ThePlanCountsStepsAndParameters()
    {
        VisionMambaConfig config = VisionMambaConfig.OfWidth(
            32) with
        { Depth = 2, ImageSize = 16, Patch = 8, Stride = 8, Classes = 3 };
        var model = new VisionMambaModel(config, TuningMethods.Create("linear", []), 0);
        int[] labels = [.. Enumerable.Range(0, 50).Select(i => i % 3)];
        ImageDataset Set(int count) => ImageDataset.FromMemory(
            "set", ["a", "b", "c"], labels[..count], _ => throw new InvalidOperationException(
            "a plan reads no picture"));
        var data = new DatasetSplits(Set(50), Set(6), null, "made");
        var recipe = new Recipe(
            "r.json", "r", "", "", null, null, ["a note"], new Dictionary<string, System.Text.Json.JsonElement>());
        using var backend = new CpuBackend(1);
        JsonObject plan = new RunPlan([], model, data, new TrainingOptions { Batch = 16, Epochs = 10 }, recipe).Write(
            backend, warmSeconds: 0);
        plan = JsonOutput.Reread(plan);
        Assert.Equal(3, (int)plan["steps_per_epoch"]!);
        Assert.Equal(30, (int)plan["steps"]!);
        Assert.Equal(99, (int)plan["parameters"]!["trainable"]!);
        Assert.Equal(0, (int)plan["parameters"]!["prompts"]!);
        JsonObject limited = new RunPlan(
            [], model, data, new TrainingOptions { Batch = 16, Epochs = 10, MaxSteps = 7 }, null).Write(
            backend, warmSeconds: 0);
        limited = JsonOutput.Reread(limited);
        Assert.Equal(7, (int)limited["steps"]!);
        var text = new StringWriter();
        PlanText.Write(plan, text);
        Assert.Contains("note: a note", text.ToString());
        Assert.Contains("an estimate", text.ToString());
    }

    [Fact]
    public void VimSmallOnCub200IsThePublishedArithmetic()
    {
        VisionMambaConfig config = VisionMambaConfig.Presets["small"] with { Classes = 200, HeadLayers = 2 };
        ParameterCounts groups = ParameterCounts.Of(
            new VisionMambaModel(
                config, TuningMethods.Create("svp", new JsonObject { ["shared_layers"] = 8, ["inner_width"] = 64 }),
                0).Parameters);
        Assert.Equal(1_644_288, groups.Prompts);
        Assert.Equal((384 * 192) + 192 + (192 * 200) + 200, groups.Counts["head"]);
        Assert.Equal(groups.Prompts + groups.Counts["head"], groups.Trainable);
        // 26M parameters with ImageNet's head of 1,000 classes.
        Assert.Equal(25_796_584, groups.Counts["backbone"] + (384 * 1000) + 1000);
    }
}

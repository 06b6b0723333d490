using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Models;
using VisionMamba.Training;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Tests.Training;

/// <summary>
/// Every optimizer's weights after eight steps against recorded numbers of its reference, run in double precision:
/// PyTorch 1.13 (adamw, adam, sgd, momentum, rmsprop), timm 0.4.12 (nadam, radam, adabelief, rmsproptf), timm's Lamb,
/// and Lion's algorithm. Rate 0.01, decay 0.1, all else the reference's default.
/// </summary>
public sealed class OptimizerTests
{
    private static readonly float[] s_start = [0.5f, -1.25f, 2, 0.125f, -0.75f, 1.5f];

    public static TheoryData<string, double[]> Recorded => new()
    {
        { "adamw", [0.52705526331, -1.27133330251, 1.98013008545, 0.0982532714428, -0.785312088527, 1.49437706694] },
        { "adam", [0.522089574128, -1.25832030331, 1.94069223358, 0.0971673387456, -0.777769181386, 1.47228731797] },
        { "sgd", [0.505637029115, -1.2309826998, 1.91317909021, 0.0903570113785, -0.772056131737, 1.4433978006] },
        { "nesterov", [0.505637029115, -1.2309826998, 1.91317909021, 0.0903570113785, -0.772056131737, 1.4433978006] },
        {
            "momentum", [0.510884240276, -1.23711832059, 1.92671441592, 0.0960655177441, -0.769744229486, 1.45243369697]
        },
        { "nadam", [0.497055022499, -1.24835112829, 1.94665504589, 0.106110475639, -0.771308073322, 1.47466844299] },
        { "radam", [0.507394969463, -1.24988055229, 1.98377048969, 0.113709695637, -0.752297699451, 1.48987019062] },
        {
            "adabelief",
            [0.530626383062, -1.27496911201, 1.97998608441, 0.0958538614774, -0.79002719496, 1.49511560293]
        },
        { "rmsprop", [0.603166177804, -1.40024757632, 1.45317822658, -0.033566930579, -1.02826688845, 1.34350813085] },
        {
            "rmsproptf",
            [0.507285555347, -1.23064927593, 1.91334870604, 0.0939842322776, -0.772660490559, 1.44262612049]
        },
        { "lamb", [0.559233103749, -1.29745458647, 1.91325935629, 0.0518429545187, -0.85008019109, 1.46353359883] },
        { "lion", [0.4959342116, -1.2599152696, 1.984055928, 0.1040633133, -0.7838613176, 1.488041956] },
    };

    [Theory]
    [MemberData(nameof(Recorded))]
    public void EqualsItsReference(string name, double[] expected)
    {
        (Tensor weight, _) = Train(name, new OptimizerSettings { WeightDecay = 0.1 });
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], weight.Span[i], 2e-6);
    }

    /// <summary>What the catalogue says that an optimizer has is what changes its steps.</summary>
    [Theory]
    [MemberData(nameof(Recorded))]
    public void HasTheNumbersThatTheCatalogueSays(string name, double[] expected)
    {
        var settings = new OptimizerSettings { WeightDecay = 0.1 };
        bool Acts(OptimizerSettings changed) =>
            !Train(name, settings).Weight.Span.SequenceEqual(Train(name, changed).Weight.Span);
        Assert.False(Acts(settings), expected[0].ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(OptimizerCatalog.HasMomentum(name), Acts(settings with { Momentum = 0.5 }));
        Assert.Equal(!OptimizerCatalog.HasMomentum(name), Acts(settings with { Beta1 = 0.5 }));
        Assert.Equal(!OptimizerCatalog.HasMomentum(name), Acts(settings with { Beta2 = 0.5 }));
        Assert.Equal(OptimizerCatalog.HasEpsilon(name), Acts(settings with { Epsilon = 0.1 }));
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public void GoesOnFromItsState(string name, double[] expected)
    {
        var settings = new OptimizerSettings { WeightDecay = 0.1 };
        (Tensor whole, _) = Train(name, settings);
        (Tensor half, Optimizer first) = Train(name, settings, to: 4);
        (ParameterSet parameters, Tensor weight) = Parameter();
        half.Span.CopyTo(weight.Span);
        Optimizer second = OptimizerCatalog.Create(name, parameters, settings);
        Assert.Equal(first.State.Keys, second.State.Keys);
        foreach ((string key, Tensor state) in first.State)
            state.Span.CopyTo(second.State[key].Span);
        second.Steps = 4;
        Train(second, weight, 4, 8);
        Assert.Equal(whole.Span.ToArray(), weight.Span.ToArray());
        Assert.NotEmpty(expected);
    }

    [Fact]
    public void EveryNameHasARecordedCase() =>
        Assert.Equal(
            OptimizerCatalog.Names.Order(),
            Recorded.Select(r => (string)((ITheoryDataRow)r).GetData()[0]!).Order());

    [Fact]
    public void AnUnknownNameListsTheKnown()
    {
        var error = Assert.Throws<VisionMambaException>(
            () => OptimizerCatalog.Create("adamx", new ParameterSet(), new OptimizerSettings()));
        Assert.Contains("adamw, adam, sgd", error.Message);
    }

    [Fact]
    public void StateIsKeyedByTheParametersName()
    {
        (ParameterSet parameters, _) = Parameter();
        Optimizer optimizer = OptimizerCatalog.Create("adamw", parameters, new OptimizerSettings());
        Assert.Equal(["optimizer:exp_avg:weight", "optimizer:exp_avg_sq:weight"], optimizer.State.Keys);
    }

    [Fact]
    public void RatesFollowLayersHeadAndPrompts()
    {
        VisionMambaConfig config = VisionMambaConfig.OfWidth(16) with
        {
            Depth = 4,
            ImageSize = 16,
            Patch = 8,
            Stride = 8,
            Classes = 2,
        };
        var model = new VisionMambaModel(
            config, TuningMethods.Create("svp", new() { ["shared_layers"] = 2, ["inner_width"] = 4 }), seed: 1);
        var groups = new ParameterGroups(LayerDecay: 0.5, HeadScale: 3, PromptScale: 10, SharedLayers: 2);
        double[] Scales(string name) => groups.ScalesOf(model.Parameters[name], depth: 4);
        // BEiT's get_num_layer_for_vit: embedding 0, layer i i + 1, head depth + 1; the scale is
        // decay^(depth + 1 - count).
        Assert.Equal([1 / 32.0], Scales("pos_embed"));
        Assert.Equal([1 / 32.0], Scales("patch_embed.proj.weight"));
        Assert.Equal([1 / 16.0], Scales("layers.0.mixer.in_proj.weight"));
        Assert.Equal([1 / 2.0], Scales("layers.3.norm.weight"));
        Assert.Equal([1.0], Scales("norm_f.weight"));
        Assert.Equal([3.0], Scales("head.weight"));
        Assert.Equal([10 / 4.0], Scales("prompt_generator.2.0.weight"));
        Assert.Equal([10 / 4.0], Scales("prompt_generator_shared.1.0.weight"));
        Assert.Equal([10 / 16.0, 10 / 8.0, 10 / 4.0, 10 / 2.0], Scales("prompt_scale"));
        Assert.Equal([10 / 16.0, 10 / 4.0], Scales("prompt_shared_scale"));
    }

    /// <summary>
    /// The second of two cross prompts begins at layer 3, though 4 layers in 2 groups look like 2 each.
    /// </summary>
    [Theory]
    [InlineData("svp")]
    [InlineData("svp+lora")]
    public void ASharedPromptBelongsToTheFirstOfItsLayers(string method)
    {
        string settings = """{"shared_layers":3,"inner_width":4}""";
        VisionMambaModel model = SmallModels.Create(
            method, method == "svp" ? settings : $$$"""{"svp":{{{settings}}},"lora":{"rank":2}}""");
        var options = new TrainingOptions { LayerDecay = 0.5 };
        ParameterGroups groups = options.OptimizerSettings(model.Method.SharedLayers).Groups;
        Assert.Equal([1 / 16.0, 1 / 2.0], groups.ScalesOf(model.Parameters["prompt_shared_scale"], depth: 4));
        Assert.Equal([1 / 2.0], groups.ScalesOf(model.Parameters["prompt_generator_shared.1.0.weight"], depth: 4));
    }

    [Theory]
    [InlineData("vp", "prompt_pixels", false)]
    [InlineData("additional-scan", "additional_scan.1.A_log", false)]
    [InlineData("additional-scan", "additional_scan.1.A_log_b", false)]
    [InlineData("additional-scan", "layers.1.mixer.A_log", true)]
    [InlineData("additional-scan", "pos_embed", false)]
    [InlineData("lora", "head.weight", true)]
    public void WhatThePublicationsLeaveOutDoesNotDecay(string method, string parameter, bool decays) =>
        Assert.Equal(decays, ParameterGroups.Decays(SmallModels.Create(method, "{}").Parameters[parameter]));

    [Fact]
    public void RowsMoveAtTheirLayersRates()
    {
        VisionMambaConfig config = VisionMambaConfig.OfWidth(16) with
        {
            Depth = 2,
            ImageSize = 16,
            Patch = 8,
            Stride = 8,
        };
        var model = new VisionMambaModel(
            config, TuningMethods.Create("svp", new() { ["shared_layers"] = 1, ["inner_width"] = 4 }), seed: 1);
        Optimizer optimizer = OptimizerCatalog.Create("momentum", model.Parameters, new OptimizerSettings
        {
            Groups = new ParameterGroups(LayerDecay: 0.5),
        });
        Tensor scale = model.Parameters["prompt_scale"];
        scale.Gradient = Tensor.From([.. Enumerable.Repeat(1f, 32)], 2, 16);
        using var backend = new CpuBackend(1);
        optimizer.Step(backend, 1);
        Assert.All(scale.Span[..16].ToArray(), w => Assert.Equal(-0.25f, w));
        Assert.All(scale.Span[16..].ToArray(), w => Assert.Equal(-0.5f, w));
    }

    [Fact]
    public void TheAverageFollowsAndChangesPlaces()
    {
        (ParameterSet parameters, Tensor weight) = Parameter();
        var average = new AveragedModel(parameters, 0.75);
        weight.Span.Fill(1);
        using var backend = new CpuBackend(1);
        average.Follow(backend);
        float[] seen = average.With(() => weight.Span.ToArray());
        for (int i = 0; i < seen.Length; i++)
            Assert.Equal((0.75f * s_start[i]) + 0.25f, seen[i], 1e-6f);
        Assert.All(weight.Span.ToArray(), w => Assert.Equal(1, w));
        Assert.Equal("ema:weight", average.State.Single().Name);
    }

    private static (Tensor Weight, Optimizer Optimizer) Train(string name, OptimizerSettings settings, int to = 8)
    {
        (ParameterSet parameters, Tensor weight) = Parameter();
        Optimizer optimizer = OptimizerCatalog.Create(name, parameters, settings);
        Train(optimizer, weight, 0, to);
        return (weight, optimizer);
    }

    private static void Train(Optimizer optimizer, Tensor weight, int from, int to)
    {
        using var backend = new CpuBackend(2);
        for (int step = from; step < to; step++)
        {
            var gradient = Enumerable.Range(0, 6).Select(
                i => (float)((0.1 * ((((i * 7) + (step * 3)) % 11) - 5)) + (0.02 * i)));
            weight.Gradient = Tensor.From([.. gradient], 2, 3);
            optimizer.Step(backend, 0.01);
        }
    }

    private static (ParameterSet Parameters, Tensor Weight) Parameter()
    {
        var parameters = new ParameterSet();
        Tensor weight = new ParameterScope(parameters, 0)
            .Parameter("weight", [2, 3], (values, _) => s_start.CopyTo(values));
        weight.NeedsGradient = true;
        return (parameters, weight);
    }
}

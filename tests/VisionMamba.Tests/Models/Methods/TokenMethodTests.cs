using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tests.Files;
using VisionMamba.Tests.Ops;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Models.Methods;

/// <summary>
/// Every method on image, tokens or the choice of parameters against its equation in double precision.
/// </summary>
public sealed class TokenMethodTests : IDisposable
{
    private const double Step = 1e-5;
    private readonly TestFolder _folder = new();

    public static TheoryData<string> Names => [.. MethodCase.All.Select(c => c.Name)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void LogitsAreThoseOfTheEquation(string name)
    {
        VisionMambaModel model = Case(name).Model();
        Block expected = Case(name).Oracle(model.Config, MethodCase.Blocks(model)).Logits(MethodCase.Images);
        float[] actual = MethodCase.Run(model);
        double scale = expected.Values.Max(Math.Abs);
        for (int i = 0; i < actual.Length; i++)
            Assert.Equal(expected[i], actual[i], 2e-5 * scale);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void GradientsAreCentralDifferencesOfTheEquation(string name)
    {
        VisionMambaModel model = Case(name).Model();
        MethodCase.Run(model);
        Dictionary<string, Block> blocks = MethodCase.Blocks(model);
        foreach (Tensor parameter in model.Parameters.Trainable)
        {
            float[] gradient = parameter.Gradient!.Span.ToArray();
            double size = Math.Sqrt(gradient.Sum(g => (double)g * g));
            Assert.True(size > 1e-9, $"{parameter.Name} has no gradient");
            // One direction of signs sees every number; the first and last number see their place.
            Rng rng = Values.Generator(parameter.Name!);
            double[] signs = [.. gradient.Select((_, i) => rng.Uniform((ulong)i) < 0.5 ? -1.0 : 1)];
            int last = gradient.Length - 1;
            foreach (double[] direction in new[] { signs, Unit(last + 1, 0), Unit(last + 1, last) })
            {
                double expected = Difference(Case(name), model.Config, blocks, parameter.Name!, direction);
                double actual = gradient.Zip(direction, (g, d) => g * d).Sum();
                Assert.True(
                    Math.Abs(expected - actual) <= 1e-3 * size, $"{parameter.Name}: {actual} is not {expected}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TrainsAsManyNumbersAsThePaperSays(string name) =>
        Assert.Equal(Case(name).Trained, Case(name).Model().Parameters.Trainable.Sum(p => p.Count));

    [Theory]
    [MemberData(nameof(Names))]
    public void FilesAndPacksKeepModelAndSettings(string name)
    {
        VisionMambaModel model = Case(name).Model();
        ModelFile.Save(_folder["model"], model, new ModelCard());
        PromptPack.Save(_folder["pack"], model, new ModelCard(), "model", ownPositions: false);
        float[] logits = MethodCase.Run(model);
        foreach (LoadedModel loaded in new[]
        {
            ModelFile.Load(_folder["model"]), PromptPack.Open(_folder["pack"]).Attach(Backbone.Open(_folder["model"])),
        })
        {
            Assert.Equal(model.Method.Name, loaded.Model.Method.Name);
            Assert.Equal(model.Method.Settings.ToJsonString(), loaded.Model.Method.Settings.ToJsonString());
            Assert.Equal(
                model.Parameters.Trainable.Select(p => p.Name), loaded.Model.Parameters.Trainable.Select(p => p.Name));
            Assert.Equal(logits, SmallLogits(loaded.Model));
        }
    }

    private static MethodCase Case(string name) => MethodCase.All.Single(c => c.Name == name);

    private static double[] Unit(int length, int at) => [.. Enumerable.Range(0, length).Select(i => i == at ? 1.0 : 0)];

    private static float[] SmallLogits(VisionMambaModel model)
    {
        using var backend = new VisionMamba.Tensors.Cpu.CpuBackend(2);
        using var session = new ModelSession(model, backend);
        return session.Logits(MethodCase.Images.Floats, MethodCase.Images.Shape[0]);
    }

    private static double Difference(
        MethodCase c, VisionMambaConfig config, Dictionary<string, Block> blocks, string parameter, double[] direction)
    {
        double Loss(double step)
        {
            Block there = blocks[parameter].Moved(direction, step);
            var moved = new Dictionary<string, Block>(blocks) { [parameter] = there };
            Block logits = c.Oracle(config, moved).Logits(MethodCase.Images);
            return SoftmaxCrossEntropyOracle.Forward(logits, MethodCase.Targets)[0];
        }

        return (Loss(Step) - Loss(-Step)) / (2 * Step);
    }
}

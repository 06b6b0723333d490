using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Training;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Tests.Training;

/// <summary>Which epoch's model is kept as the best one.</summary>
public sealed class EpochEndTests : TinyTraining
{
    [Fact]
    public void TheFirstOfTheBestEpochsIsKeptOfTheModelAndOfItsAverage()
    {
        // Right answers of four, epoch by epoch; the average's are best at another time.
        int[] right = [1, 3, 3, 2], averageRight = [2, 1, 2, 4];
        VisionMambaModel model = Model("linear");
        using var backend = new CpuBackend(1);
        using var session = new ModelSession(model, backend);
        Tensor bias = model.Parameters["head.bias"];
        Directory.CreateDirectory(At("run", ""));
        (string best, string bestAverage) = (At("run", "best.safetensors"), At("run", "average.safetensors"));
        var average = new AveragedModel(model.Parameters, 0.5);
        var end = new EpochEnd(session, average, new ModelCard(), best, bestAverage);
        var state = new TrainingState();
        double followed = bias.Span[0];
        for (int epoch = 0; epoch < right.Length; epoch++)
        {
            bias.Span.Fill(epoch + 1);
            average.Follow(backend);
            followed = (followed + epoch + 1) / 2;
            state = end.Next(state, new ValidationResult(Answers(right[epoch]), Answers(averageRight[epoch])));
            Assert.Equal(epoch + 1, bias.Span[0]);
        }

        Assert.Equal((0.75, 1), (state.BestTop1, state.BestEpoch));
        Assert.Equal(2, Bias(best));
        Assert.Equal(2, BestEpoch(best));
        Assert.Equal((1.0, 3), (state.BestEmaTop1, state.BestEmaEpoch));
        Assert.Equal(followed, Bias(bestAverage), 1e-6);
    }

    private static float Bias(string file) => ModelFile.Load(
        file, new LoadOptions { Copy = true }).Model.Parameters["head.bias"].Span[0];

    private static int BestEpoch(string file)
    {
        JsonNode provenance = ModelFile.Load(file, new LoadOptions { Copy = true }).Card.Provenance;
        return (int)provenance["result"]!["best_epoch"]!;
    }

    private static Metrics Answers(int right)
    {
        var metrics = new Metrics(2);
        for (int i = 0; i < 4; i++)
            metrics.Add([1, 0], i < right ? 0 : 1);
        return metrics;
    }
}

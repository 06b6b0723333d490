using System.Text.Json.Nodes;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Training;

/// <summary>What validation found after an epoch.</summary>
/// <param name="Model">The model's metrics.</param>
/// <param name="Average">Those of the averaged weights; null without an average.</param>
public sealed record ValidationResult(Metrics Model, Metrics? Average);

/// <summary>The end of an epoch: which models are the best so far, and their files.</summary>
internal sealed class EpochEnd(
    ModelSession session, AveragedModel? average, ModelCard card, string best, string bestAverage)
{
    /// <summary>The state after the epoch in <paramref name="state"/>; saves what is better than all before.</summary>
    public TrainingState Next(TrainingState state, ValidationResult validation)
    {
        bool better = validation.Model.Top1 > state.BestTop1;
        bool averageBetter = validation.Average is { } metrics && metrics.Top1 > state.BestEmaTop1;
        int epoch = state.Epoch;
        state = state with
        {
            Epoch = epoch + 1,
            StepInEpoch = 0,
            LossSum = 0,
            BestTop1 = better ? validation.Model.Top1 : state.BestTop1,
            BestEpoch = better ? epoch : state.BestEpoch,
            BestEmaTop1 = averageBetter ? validation.Average!.Top1 : state.BestEmaTop1,
            BestEmaEpoch = averageBetter ? epoch : state.BestEmaEpoch,
        };
        if (better)
            Save(best, state);
        if (averageBetter)
            average!.With(() => Save(bestAverage, state));
        return state;
    }

    private bool Save(string path, TrainingState state)
    {
        var provenance = (JsonObject)card.Provenance.DeepClone();
        provenance["result"] = state.Summary();
        ModelFile.Save(path, session.Model, card with { Provenance = provenance });
        return true;
    }
}

using VisionMamba.Cli.Runs;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting;
using VisionMamba.Models.Prompting.Full;
using VisionMamba.Models.Prompting.Svp;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Training;
using VisionMamba.Training.Interchange;

namespace VisionMamba.Cli.Released;

/// <summary>A run's last checkpoint as the training checkpoint that the released Python code resumes from.</summary>
internal static class TrainingExport
{
    /// <summary>
    /// Refuses what the released code cannot go on training: it trains prompts and head (svp), or everything (full).
    /// </summary>
    public static void RequireKnown(TuningMethod method)
    {
        if (method is not SvpMethod and not FullMethod)
        {
            throw new UsageException(
                $"--with-optimizer: the released code has no '{method.Name}' to go on training; leave it out");
        }
    }

    public static void Write(string path, string from, LoadedModel loaded, ElementType type, List<string> notes)
    {
        using TensorFile file = TensorFile.Open(from);
        TrainingState state = TrainingState.Read(file);
        TrainingOptions options = TrainedOn.Options(loaded.Card, from) ?? throw new VisionMambaException(
            $"{from}: does not say the options of its run; "
            + "--with-optimizer needs a run's last.safetensors with its run.json");
        if (state.StepInEpoch > 0)
        {
            notes.Add(
                $"the run stands {state.StepInEpoch} steps into epoch {state.Epoch + 1}; Python counts whole epochs "
                + "and will begin that epoch again");
        }

        ModelExport.Torch(path, loaded.Model, loaded.Card, CheckpointLayout.Released, type, notes, released =>
        {
            if (!ReleasedLayout.KeepsParameters(loaded.Model, released))
            {
                throw new VisionMambaException(
                    "--with-optimizer: the released code would train other prompts than this run (its shared layers, "
                    + "inner width or prompt depth have no equal there); export without it");
            }

            return ReleasedTrainingWriter.Parts(released, state, options, (kind, name) => Moment(file, kind, name));
        });
    }

    private static Tensor Moment(TensorFile file, string kind, string name) =>
        file.Tensors.TryGetValue($"optimizer:{kind}:{name}", out StoredTensor? stored)
            ? stored.ToTensor()
            : throw new VisionMambaException($"{file.Path}: lacks the optimizer's {kind} of {name}");
}

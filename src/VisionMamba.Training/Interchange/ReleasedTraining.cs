using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Training.Optimizers;

namespace VisionMamba.Training.Interchange;

/// <summary>
/// The training state in a checkpoint of the released SVP code. torch keeps an optimizer's moments under numbers; the
/// names follow from the order in which timm 0.4.12 makes the groups of model.named_parameters(): those that weight
/// decay spares, then the others; without weight decay a single group of all parameters, the frozen ones too.
/// </summary>
public sealed class ReleasedTraining
{
    private readonly TensorFile _file;
    private readonly Dictionary<string, PickleValue> _states = new(StringComparer.Ordinal);

    private ReleasedTraining(TensorFile file, VisionMambaModel model)
    {
        _file = file;
        if (file.Root is not { } root || root["optimizer"] is not { } optimizer
            || root["epoch"]?.Integer is not { } epoch)
            throw Refused(
                "holds no optimizer state and epoch", "give a training checkpoint of the released code (.pth)");
        IReadOnlyList<PickleValue> groups = optimizer["param_groups"]?.Items ?? [];
        if (groups.Count == 0 || optimizer["state"] is not PickleDict states)
            throw Refused("its optimizer has no groups or no state", "give a training checkpoint of the released code");
        if (groups.Any(g => g["betas"] is null) || groups.Any(g => g["amsgrad"]?.Truth == true))
            throw Refused("its optimizer is not AdamW", "start a new run from it with --backbone");
        EpochsDone = checked((int)epoch + 1);
        WeightDecay = groups.Max(g => g["weight_decay"]?.Number ?? 0);
        Epsilon = groups[0]["eps"]?.Number;
        double[] betas = [.. (groups[0]["betas"]?.Items ?? []).Select(b => b.Number).OfType<double>()];
        Betas = betas.Length == 2 ? betas : null;
        Name(model, groups, states);
        Steps = ReadSteps();
    }

    /// <summary>Whole epochs that have been trained.</summary>
    public int EpochsDone { get; }

    /// <summary>Optimizer steps that have been taken.</summary>
    public long Steps { get; }

    /// <summary>The weight decay of the parameters that have one.</summary>
    public double WeightDecay { get; }

    /// <summary>AdamW's epsilon; null where the file does not say it.</summary>
    public double? Epsilon { get; }

    /// <summary>AdamW's two betas; null where the file does not say them.</summary>
    public IReadOnlyList<double>? Betas { get; }

    /// <summary>The parameters with moments.</summary>
    public IReadOnlyCollection<string> Names => _states.Keys;

    /// <summary>
    /// Reads the state of a run that trained <paramref name="model"/>, which was loaded from the same file.
    /// </summary>
    /// <exception cref="VisionMambaException">
    /// No training state, another optimizer, or groups of another model.
    /// </exception>
    public static ReleasedTraining Read(TensorFile file, VisionMambaModel model) => new(file, model);

    /// <summary>Whether the file says how a run stood, beside its model.</summary>
    public static bool IsIn(TensorFile file) => file.Root?["optimizer"] is not null;

    /// <summary>
    /// Where the run stands: between two epochs. Its best one is not known: it counts as the last, so that stopping
    /// early waits for as many epochs as in a new run.
    /// </summary>
    public TrainingState State() => new()
    {
        Epoch = EpochsDone,
        Step = Steps,
        BestEpoch = EpochsDone - 1,
        BestEmaEpoch = EpochsDone - 1,
    };

    /// <summary>Fills the moments and the step count of <paramref name="optimizer"/>.</summary>
    public void Fill(AdamWOptimizer optimizer)
    {
        foreach ((string name, Tensor moment) in optimizer.State)
        {
            // optimizer:exp_avg:NAME
            string[] words = name.Split(':', 3);
            if (_states.GetValueOrDefault(words[2])?[words[1]]?.Tensor is not { } stored
                || stored.Count != moment.Count)
                throw Refused($"lacks {words[1]} of {words[2]}", "it cannot be resumed");
            stored.CopyTo(moment.Span);
        }

        optimizer.Steps = Steps;
    }

    private void Name(VisionMambaModel model, IReadOnlyList<PickleValue> groups, PickleDict states)
    {
        List<Tensor> all = [.. _file.Tensors.Keys.Where(n => model.Parameters.TryGet(n, out _))
            .Select(n => model.Parameters[n])];
        List<Tensor> trained = [.. all.Where(p => p.NeedsGradient)];
        List<Tensor>[][] readings =
        [
            [[.. trained.Where(p => !ParameterGroups.Decays(p))], [.. trained.Where(ParameterGroups.Decays)]],
            [all],
            [trained],
        ];
        if (!readings.Any(reading => TryName(reading, groups, states)))
        {
            throw Refused(
                $"its optimizer's groups of {string.Join(" and ", groups.Select(g => g["params"]?.Items.Count ?? 0))} "
                + $"parameters do not fit the {trained.Count} that '{model.Method.Name}' trains",
                "give the checkpoint of a run of the released code");
        }
    }

    private bool TryName(List<Tensor>[] reading, IReadOnlyList<PickleValue> groups, PickleDict states)
    {
        _states.Clear();
        if (reading.Length != groups.Count)
            return false;
        for (int g = 0; g < reading.Length; g++)
        {
            IReadOnlyList<PickleValue> numbers = groups[g]["params"]?.Items ?? [];
            if (numbers.Count != reading[g].Count)
                return false;
            foreach ((PickleValue number, Tensor parameter) in numbers.Zip(reading[g]))
            {
                PickleValue? state = number.Integer is { } key ? states[key] : null;
                if (state is null && !parameter.NeedsGradient)
                    continue; // frozen: never stepped
                if (state?["exp_avg"]?.Tensor is not { } first || !parameter.HasShape(first.Shape))
                    return false;
                _states[parameter.Name!] = state;
            }
        }

        return true;
    }

    private long ReadSteps()
    {
        long[] steps = [.. _states.Values.Select(s => StepOf(s["step"])).Distinct()];
        return steps.Length == 1 && steps[0] >= 0 ? steps[0] : throw Refused(
            $"its parameters have taken different numbers of steps ({string.Join(", ", steps.Take(4))})",
            "start a new run from it with --backbone");
    }

    /// <summary>An integer in old torch, a tensor of one number since 1.12.</summary>
    private static long StepOf(PickleValue? step)
    {
        if (step?.Tensor is not { Count: 1 } stored)
            return (long)(step?.Number ?? -1);
        Span<float> value = stackalloc float[1];
        stored.CopyTo(value);
        return (long)value[0];
    }

    private VisionMambaException Refused(string what, string remedy) => new($"{_file.Path}: {what}; {remedy}");
}

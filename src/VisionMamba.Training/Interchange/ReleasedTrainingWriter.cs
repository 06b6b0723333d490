using VisionMamba.Data.Augment;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Training.Optimizers;
using VisionMamba.Training.Schedules;

namespace VisionMamba.Training.Interchange;

/// <summary>
/// Makes the parts of a training checkpoint that the released SVP code resumes from: optimizer (as torch.optim.AdamW's
/// state_dict), lr_scheduler (as timm 0.4.12's), epoch, model_ema, scaler and args.
/// </summary>
public static class ReleasedTrainingWriter
{
    /// <summary>
    /// The parts for <paramref name="released"/>, the run's model in the released layout. <paramref name="moment"/>
    /// gives a parameter's exp_avg or exp_avg_sq. The moving average of the weights, which Python's run expects, starts
    /// at them.
    /// </summary>
    public static TorchDict Parts(
        VisionMambaModel released, TrainingState state, TrainingOptions options, Func<string, string, Tensor> moment)
    {
        Check(options);
        var schedule = new CosineSchedule(
            options.ScaledRate, options.MinimumRate, options.WarmupRate, options.WarmupEpochs, options.Epochs);
        List<List<Tensor>> groups = Groups(released, options.WeightDecay);
        return new TorchDict
        {
            { "optimizer", Optimizer(groups, state, options, schedule.RateOfEpoch(state.Epoch), moment) },
            { "lr_scheduler", Schedule(options, groups.Count) },
            { "epoch", state.Epoch - 1 },
            { "model_ema", ModelExport.StateDict(released) },
            { "scaler", "none" },
            { "args", Arguments(released, options) },
        };
    }

    /// <summary>
    /// The file says AdamW and one cosine for all parameters: another run would go on differently there.
    /// </summary>
    private static void Check(TrainingOptions options)
    {
        var plain = new TrainingOptions();
        string? flag = options.Opt != plain.Opt ? "--opt" : options.Sched != plain.Sched ? "--sched"
            : Numbers(options) != Numbers(plain)
                ? "--opt-eps, --opt-betas, --layer-decay or a rate's scale"
            : options.BceLoss ? "--bce-loss" : options.Distillation != plain.Distillation ? "--distillation"
            : options.ClipGradient > 0 && options.ClipMode != plain.ClipMode ? "--clip-mode"
            : options.LrCycleLimit != 1 || options.LrKDecay != 1 || options.LrNoise.Count > 0
                ? "a schedule's option" : null;
        if (flag is not null)
        {
            throw new VisionMambaException($"the run was trained with another {flag} than the released code's training "
                + "checkpoints are written for here (AdamW, one cosine); export the model alone");
        }
    }

    /// <summary>
    /// AdamW's numbers but for the decay; those left open are torch's, which a file of its own says.
    /// </summary>
    private static OptimizerSettings Numbers(TrainingOptions options)
    {
        OptimizerSettings given = options.OptimizerSettings();
        return given with
        {
            WeightDecay = 0,
            Beta1 = given.Beta1 ?? 0.9,
            Beta2 = given.Beta2 ?? 0.999,
            Epsilon = given.Epsilon ?? 1e-8,
        };
    }

    private static List<List<Tensor>> Groups(VisionMambaModel model, double weightDecay)
    {
        List<Tensor> all = [.. ReleasedOrder.Of(model.Parameters)];
        if (weightDecay == 0)
            return [all];
        return [[.. all.Where(p => p.NeedsGradient && !ParameterGroups.Decays(p))],
            [.. all.Where(p => p.NeedsGradient && ParameterGroups.Decays(p))]];
    }

    private static TorchDict Optimizer(
        List<List<Tensor>> groups, TrainingState state, TrainingOptions options, double rate,
        Func<string, string, Tensor> moment)
    {
        var states = new TorchDict();
        var written = new List<object?>();
        int number = 0;
        foreach (List<Tensor> group in groups)
        {
            bool decays = groups.Count == 2 && group == groups[1];
            written.Add(Group(decays ? options.WeightDecay : 0, rate, options.ScaledRate, number, group.Count));
            foreach (Tensor parameter in group)
            {
                if (parameter.NeedsGradient && state.Step > 0)
                    states.Add(number, State(parameter, state.Step, moment));
                number++;
            }
        }

        return new TorchDict { { "state", states }, { "param_groups", written } };
    }

    private static TorchDict State(Tensor parameter, long steps, Func<string, string, Tensor> moment)
    {
        Tensor Moment(string kind)
        {
            Tensor tensor = moment(kind, parameter.Name!);
            return tensor.HasShape(parameter.Shape) ? tensor : ReleasedLayout.Padded(tensor, parameter.Shape, kind);
        }

        return new TorchDict
        {
            // torch counts steps in fp32, and its moments stay fp32 whatever the model is stored as.
            { "step", new TorchTensor(Tensor.From([steps]), ElementType.F32) },
            { "exp_avg", new TorchTensor(Moment("exp_avg"), ElementType.F32) },
            { "exp_avg_sq", new TorchTensor(Moment("exp_avg_sq"), ElementType.F32) },
        };
    }

    private static TorchDict Group(double decay, double rate, double initialRate, int first, int count) => new()
    {
        { "weight_decay", decay },
        { "lr", rate },
        { "betas", new TorchTuple(0.9, 0.999) },
        { "eps", 1e-8 },
        { "amsgrad", false },
        { "foreach", null },
        { "maximize", false },
        { "capturable", false },
        { "initial_lr", initialRate },
        { "params", Enumerable.Range(first, count).ToList() },
    };

    private static TorchDict Schedule(TrainingOptions options, int groups) => new()
    {
        { "param_group_field", "lr" },
        { "_initial_param_group_field", "initial_lr" },
        { "base_values", Enumerable.Repeat(options.ScaledRate, groups).ToList() },
        { "metric", null },
        { "noise_range_t", null },
        { "noise_pct", 0.67 },
        { "noise_type", "normal" },
        { "noise_std", 1.0 },
        { "noise_seed", (long)options.Seed },
        { "t_initial", options.Epochs },
        { "t_mul", 1.0 },
        { "lr_min", options.MinimumRate },
        { "decay_rate", 0.1 },
        { "cycle_limit", 1 },
        { "warmup_t", options.WarmupEpochs },
        { "warmup_lr_init", options.WarmupRate },
        { "warmup_prefix", false },
        { "t_in_epochs", true },
        { "warmup_steps", Enumerable.Repeat(
            (options.ScaledRate - options.WarmupRate) / Math.Max(options.WarmupEpochs, 1), groups).ToList() },
    };

    private static TorchDict Arguments(VisionMambaModel model, TrainingOptions options)
    {
        TorchDict args = TorchDict.Namespace();
        AugmentOptions augment = options.Augment;
        static string Word<T>(T value)
            where T : struct, Enum => value.ToString().ToLowerInvariant();
        foreach ((string name, object? value) in new (string, object?)[]
        {
            ("opt", "adamw"), ("opt_eps", 1e-8), ("opt_betas", null), ("momentum", 0.9), ("sched", "cosine"),
            ("lr", options.ScaledRate), ("batch_size", options.Batch), ("epochs", options.Epochs),
            ("weight_decay", options.WeightDecay), ("warmup_epochs", options.WarmupEpochs),
            ("warmup_lr", options.WarmupRate), ("min_lr", options.MinimumRate), ("cooldown_epochs", 10),
            ("clip_grad", options.ClipGradient > 0 ? options.ClipGradient : null), ("drop_path", options.DropPath),
            ("smoothing", options.LabelSmoothing), ("seed", (long)options.Seed), ("input_size", model.Config.ImageSize),
            ("nb_classes", model.Config.Classes), ("input_relu", model.Config.SimAm),
            ("aa", augment.HasPolicy ? augment.AutoAugment : null), ("color_jitter", augment.ColorJitter),
            ("train_interpolation", augment.Interpolation == TrainInterpolation.Same
                ? "bicubic" : Word(augment.Interpolation)),
            ("src", augment.SimpleCrop), ("ThreeAugment", augment.ThreeAugment),
            ("reprob", augment.EraseProbability), ("remode", Word(augment.EraseMode)),
            ("recount", augment.EraseCount), ("mixup", augment.Mixup), ("cutmix", augment.Cutmix),
            ("cutmix_minmax", augment.CutmixRange is { } range
                ? new List<object?> { range.Minimum, range.Maximum } : null),
            ("mixup_prob", augment.MixProbability), ("mixup_switch_prob", augment.MixSwitchProbability),
            ("mixup_mode", Word(augment.MixMode)),
            ("transfer_type", model.Method is Models.Prompting.Svp.SvpMethod ? "prompt" : "none"),
        })
        {
            args.Add(name, value);
        }

        if (model.Method is Models.Prompting.Svp.SvpMethod svp)
        {
            args.Add("prompt_type", "addv4");
            args.Add("prompt_add_gen", $"mlp384*{svp.Config.InnerWidth}");
            args.Add("prompt_dropout", (double)svp.Config.Dropout);
            args.Add("shared_layers", svp.Config.SharedLayers);
        }

        return args;
    }
}

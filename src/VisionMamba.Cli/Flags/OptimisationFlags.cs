using System.CommandLine;
using VisionMamba.Training;
using VisionMamba.Training.Optimizers;
using VisionMamba.Training.Schedules;

namespace VisionMamba.Cli.Flags;

/// <summary>
/// How weights are changed, as flags in timm's and DeiT's words; each line of the help begins with what it belongs to.
/// </summary>
internal sealed class OptimisationFlags
{
    private readonly Option<string> _opt, _sched, _clipMode, _distillation;
    private readonly Option<string?> _teacher;
    private readonly Option<double?> _eps;
    private readonly Option<double[]> _betas, _noise;
    private readonly Option<int[]> _milestones;
    private readonly Option<double> _momentum, _minimum, _warmup, _decayRate, _decayEpochs, _cycleMul, _kDecay,
        _noisePct,
        _noiseStd, _emaDecay, _layerDecay, _headScale, _promptScale, _alpha, _tau;
    private readonly Option<int> _cooldown, _patience, _cycles, _micro, _repeats, _earlyStop;
    private readonly Option<bool> _bce, _ema;

    public OptimisationFlags(TrainingOptions d)
    {
        _opt = Flag.Of("--opt", $"optimizer: {string.Join(", ", OptimizerCatalog.Names)} (sgd is Nesterov's)", d.Opt);
        _eps = Flag.Of("--opt-eps", "optimizer: epsilon, by default the optimizer's own", d.OptEps);
        _betas = List(
            "--opt-betas", "optimizer: decays of the moments, by default the optimizer's own",
            d.OptBetas, 2, 2, "B1 B2");
        _momentum = Flag.Of("--momentum", "optimizer: momentum of sgd, momentum and rmsprop", d.Momentum);
        _layerDecay = Flag.Of(
            "--layer-decay", "optimizer: factor of the rate from a layer to the one before", d.LayerDecay);
        _headScale = Flag.Of("--head-lr-scale", "optimizer: factor of the head's rate", d.HeadLrScale);
        _promptScale = Flag.Of("--prompt-lr-scale", "optimizer: factor of the prompts' rate", d.PromptLrScale);
        _clipMode = Flag.Of("--clip-mode", "optimizer: what --clip-grad limits: norm, value, agc", d.ClipMode);
        _sched = Flag.Of("--sched", $"schedule: {string.Join(", ", LearningRates.Names)}", d.Sched);
        _warmup = Flag.Of("--warmup-lr", "schedule: rate of the first epoch where there is a warm-up", d.WarmupRate);
        _minimum = Flag.Of("--min-lr", "schedule: lowest rate", d.MinimumRate);
        _cooldown = Flag.Of("--cooldown-epochs", "schedule: epochs at the lowest rate after the end", d.CooldownEpochs);
        _patience = Flag.Of(
            "--patience-epochs", "schedule: plateau: epochs without a better accuracy", d.PatienceEpochs);
        _decayRate = Flag.Of(
            "--decay-rate", "schedule: factor of the rate (step, multistep, plateau, cycles)", d.DecayRate);
        _decayEpochs = Flag.Of("--decay-epochs", "schedule: step: epochs between two steps", d.DecayEpochs);
        _milestones = List(
            "--decay-milestones", "schedule: multistep: epochs of the steps", d.DecayMilestones, 1, 100, "N");
        _cycleMul = Flag.Of("--lr-cycle-mul", "schedule: length of a cycle by that of the one before", d.LrCycleMul);
        _cycles = Flag.Of("--lr-cycle-limit", "schedule: cycles of --epochs epochs (cosine, tanh)", d.LrCycleLimit);
        _kDecay = Flag.Of("--lr-k-decay", "schedule: cosine: exponent of the phase", d.LrKDecay);
        _noise = List(
            "--lr-noise", "schedule: noise from, and to, these shares of the epochs", d.LrNoise, 1, 2, "FROM TO");
        _noisePct = Flag.Of("--lr-noise-pct", "schedule: largest noise, as a share of the rate", d.LrNoisePct);
        _noiseStd = Flag.Of("--lr-noise-std", "schedule: deviation of the noise, as a share of the rate", d.LrNoiseStd);
        _bce = Flag.Of("--bce-loss", "loss: binary cross entropy per class, without label smoothing", d.BceLoss);
        _teacher = new Option<string?>("--teacher")
        {
            Description = "loss: a trained model to learn from",
            HelpName = "FILE",
        };
        _distillation = Flag.Of(
            "--distillation", "loss: how the teacher is learnt from: none, soft, hard", d.Distillation);
        _alpha = Flag.Of("--distillation-alpha", "loss: the distillation's share", d.DistillationAlpha);
        _tau = Flag.Of("--distillation-tau", "loss: temperature of soft distillation", d.DistillationTau);
        _ema = Flag.Of("--model-ema", "average: keep a moving average of the weights and validate it, too", d.ModelEma);
        _emaDecay = Flag.Of("--model-ema-decay", "average: its decay per step", d.ModelEmaDecay);
        _micro = Flag.Of(
            "--micro-batch",
            "memory: compute the batch in pieces of N images, 0 for as many as bring speed (8 at 224 px)",
            d.MicroBatch);
        _repeats = Flag.Of(
            "--repeated-aug", "images: each comes N times in a row, differently augmented", d.RepeatedAug);
        _earlyStop = Flag.Of("--early-stop", "stop after N epochs without a better top-1, 0 for never", d.EarlyStop);
    }

    public IEnumerable<Option> All =>
    [
        _opt, _eps, _betas, _momentum, _layerDecay, _headScale, _promptScale, _clipMode,
        _sched, _warmup, _minimum, _cooldown, _patience, _decayRate, _decayEpochs, _milestones, _cycleMul, _cycles,
        _kDecay, _noise, _noisePct, _noiseStd, _bce, _teacher, _distillation, _alpha, _tau, _ema, _emaDecay,
        _micro, _repeats, _earlyStop,
    ];

    /// <summary>The one that a resumed run may be given anew.</summary>
    public Option<int> EarlyStop => _earlyStop;

    /// <summary><paramref name="options"/> with what the flags say.</summary>
    /// <exception cref="UsageException">A flag was given that has no effect beside the others.</exception>
    public TrainingOptions Read(ParseResult p, TrainingOptions options)
    {
        RefuseIdle(p, options);
        return ReadSchedule(p, options) with
        {
            Opt = p.GetValue(_opt)!,
            OptEps = p.GetValue(_eps),
            OptBetas = p.GetValue(_betas) ?? [],
            Momentum = p.GetValue(_momentum),
            LayerDecay = p.GetValue(_layerDecay),
            HeadLrScale = p.GetValue(_headScale),
            PromptLrScale = p.GetValue(_promptScale),
            ClipMode = p.GetValue(_clipMode)!,
            BceLoss = p.GetValue(_bce),
            // The run goes on wherever it is resumed from.
            Teacher = p.GetValue(_teacher) is { } teacher ? Path.GetFullPath(teacher) : null,
            Distillation = p.GetValue(_distillation)!,
            DistillationAlpha = p.GetValue(_alpha),
            DistillationTau = p.GetValue(_tau),
            ModelEma = p.GetValue(_ema),
            ModelEmaDecay = p.GetValue(_emaDecay),
            MicroBatch = p.GetValue(_micro),
            RepeatedAug = p.GetValue(_repeats),
            EarlyStop = p.GetValue(_earlyStop),
        };
    }

    private void RefuseIdle(ParseResult p, TrainingOptions options)
    {
        string opt = p.GetValue(_opt)!, sched = p.GetValue(_sched)!, way = p.GetValue(_distillation)!;
        bool cyclic = sched is "cosine" or "tanh", cycles = cyclic && p.GetValue(_cycles) > 1;
        bool still = (p.GetValue(_noise) ?? []).Length == 0;
        p.RefuseIdle(
            (_eps, !OptimizerCatalog.HasEpsilon(opt), $"{_opt.Name} {opt} has none"),
            (_betas, OptimizerCatalog.HasMomentum(opt), $"{_opt.Name} {opt} has none"),
            (_momentum, !OptimizerCatalog.HasMomentum(opt), $"{_opt.Name} {opt} has none"),
            (_clipMode, options.ClipGradient == 0, "says what --clip-grad limits; give that, too"),
            (_warmup, options.WarmupEpochs == 0, "there is no warm-up: --warmup-epochs is 0"),
            (_minimum, sched is "step" or "multistep", $"{_sched.Name} {sched} has no lowest rate"),
            (_patience, sched != "plateau", $"is of {_sched.Name} plateau"),
            (_decayRate, sched == "tanh", $"{_sched.Name} tanh has none"),
            (
                _decayRate, sched == "cosine" && !cycles,
                $"{_sched.Name} cosine has none without {_cycles.Name} of 2 or more"),
            (_decayEpochs, sched != "step", $"is of {_sched.Name} step"),
            (_milestones, sched != "multistep", $"is of {_sched.Name} multistep"),
            (_cycleMul, cyclic && !cycles, $"needs {_cycles.Name} of 2 or more"),
            (_kDecay, sched != "cosine", $"is of {_sched.Name} cosine"),
            (_noisePct, still, $"needs {_noise.Name}"), (_noiseStd, still, $"needs {_noise.Name}"),
            (_alpha, way == "none", $"needs {_teacher.Name} and {_distillation.Name}"),
            (_tau, way != "soft", $"is of {_distillation.Name} soft"),
            (_emaDecay, !p.GetValue(_ema), $"needs {_ema.Name}"));
    }

    private TrainingOptions ReadSchedule(ParseResult p, TrainingOptions options) => options with
    {
        Sched = p.GetValue(_sched)!,
        WarmupRate = p.GetValue(_warmup),
        MinimumRate = p.GetValue(_minimum),
        CooldownEpochs = p.GetValue(_cooldown),
        PatienceEpochs = p.GetValue(_patience),
        DecayRate = p.GetValue(_decayRate),
        DecayEpochs = p.GetValue(_decayEpochs),
        DecayMilestones = p.GetValue(_milestones) ?? [],
        LrCycleMul = p.GetValue(_cycleMul),
        LrCycleLimit = p.GetValue(_cycles),
        LrKDecay = p.GetValue(_kDecay),
        LrNoise = p.GetValue(_noise) ?? [],
        LrNoisePct = p.GetValue(_noisePct),
        LrNoiseStd = p.GetValue(_noiseStd),
    };

    private static Option<T[]> List<T>(
        string name, string description, IReadOnlyList<T> values, int least, int most, string help) => new(name)
        {
            Description = description,
            HelpName = help,
            DefaultValueFactory = _ => [.. values],
            Arity = new ArgumentArity(least, most),
            AllowMultipleArgumentsPerToken = true,
        };
}

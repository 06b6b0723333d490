using System.CommandLine;
using VisionMamba.Training;

namespace VisionMamba.Cli.Flags;

/// <summary>The numbers of a run as flags; the defaults are those of <see cref="TrainingOptions"/>.</summary>
internal sealed class TrainingFlags
{
    private static readonly TrainingOptions s_defaults = new();
    private readonly Option<int> _epochs, _maxSteps, _batch, _warmup, _workers, _saveEvery;
    private readonly Option<double> _lr, _decay, _smoothing, _dropPath, _clip, _cropScale, _cropFraction;
    private readonly Option<ulong> _seed;
    private readonly AugmentFlags _augment;
    private readonly OptimisationFlags _optimisation;
    private readonly Option<bool> _tensorBoard;

    public TrainingFlags(TrainingOptions? defaults = null)
    {
        TrainingOptions d = defaults ?? s_defaults;
        _epochs = Flag.Of("--epochs", "passes over the training images", d.Epochs);
        _maxSteps = Flag.Of("--max-steps", "stop after N steps, 0 for no limit", d.MaxSteps);
        _batch = Flag.Of("--batch", "images per step; --micro-batch computes them in pieces", d.Batch);
        _warmup = Flag.Of(
            "--warmup-epochs", "epochs of learning-rate warm-up; where --epochs is given and this is not, a quarter of "
            + "them at most", d.WarmupEpochs);
        _workers = Flag.Of("--workers", "threads that decode and augment", d.Workers);
        _saveEvery = Flag.Of("--save-every", "save after every N steps too, 0 for the end of epochs only", d.SaveEvery);
        _tensorBoard = Flag.Of(
            "--tensorboard", "write event files for TensorBoard; true unless false is given", d.TensorBoard);
        _lr = Flag.Of("--lr", "learning rate at batch 512; scaled by batch / 512", d.LearningRate);
        _decay = Flag.Of("--weight-decay", "weight decay, as the optimizer has it", d.WeightDecay);
        _smoothing = Flag.Of("--label-smoothing", "share of the target given to all classes", d.LabelSmoothing);
        _dropPath = Flag.Of("--drop-path", "stochastic depth of the last block", d.DropPath);
        _clip = Flag.Of(
            "--clip-grad", "where gradients are clipped, 0 for no clipping; see --clip-mode", d.ClipGradient);
        _cropScale = Flag.Of("--crop-scale", "least share of the picture in a random crop", d.CropScale);
        _cropFraction = Flag.Of(
            "--crop-fraction", "share of the picture's side that evaluation's centre crop keeps", d.CropFraction);
        _augment = new AugmentFlags(d.Augment);
        _optimisation = new OptimisationFlags(d);
        _seed = Flag.Of("--seed", "decides everything random", d.Seed);
    }

    public IEnumerable<Option> All =>
    [
        _epochs, _maxSteps, _batch, _lr, _warmup, _decay, _smoothing, _dropPath, _clip, _cropScale, _cropFraction,
        _seed, _workers, _saveEvery, _tensorBoard, .. _optimisation.All, .. _augment.All,
    ];

    /// <summary>Those that a resumed run may be given anew.</summary>
    public IEnumerable<Option> Resumable => [_epochs, _workers, _optimisation.EarlyStop];

    /// <summary><paramref name="run"/>'s options with what was given of <see cref="Resumable"/>.</summary>
    public TrainingOptions Over(ParseResult p, TrainingOptions run)
    {
        int Given(Option<int> flag, int old) => p.IsGiven(flag) ? p.GetValue(flag) : old;
        return Checked(run with
        {
            Epochs = Given(_epochs, run.Epochs),
            Workers = Given(_workers, run.Workers),
            EarlyStop = Given(_optimisation.EarlyStop, run.EarlyStop),
        });
    }

    /// <summary>
    /// The published warm-up is for 100 epochs: who asks for few, and does not say how many of them warm up, gets a
    /// quarter of them at most.
    /// </summary>
    private int Warmup(ParseResult p)
    {
        int warmup = p.GetValue(_warmup);
        return p.IsGiven(_epochs) && !p.IsGiven(_warmup) ? Math.Min(warmup, p.GetValue(_epochs) / 4) : warmup;
    }

    public TrainingOptions Read(ParseResult p)
    {
        var options = new TrainingOptions
        {
            Epochs = p.GetValue(_epochs),
            MaxSteps = p.GetValue(_maxSteps),
            Batch = p.GetValue(_batch),
            LearningRate = p.GetValue(_lr),
            WarmupEpochs = Warmup(p),
            WeightDecay = p.GetValue(_decay),
            LabelSmoothing = p.GetValue(_smoothing),
            DropPath = p.GetValue(_dropPath),
            ClipGradient = p.GetValue(_clip),
            CropScale = p.GetValue(_cropScale),
            CropFraction = p.GetValue(_cropFraction),
            Augment = _augment.Read(p),
            Seed = p.GetValue(_seed),
            Workers = p.GetValue(_workers),
            SaveEvery = p.GetValue(_saveEvery),
            TensorBoard = p.GetValue(_tensorBoard),
        };
        TrainingOptions whole = Checked(_optimisation.Read(p, options));
        p.RefuseIdle(
            (_smoothing, whole.BceLoss, "with --bce-loss a class is there or not"),
            (_cropScale, whole.Augment.SimpleCrop || whole.Augment.SmallCrop, "--src and --small-crop draw no scale"));
        return whole;
    }

    private static TrainingOptions Checked(TrainingOptions options)
    {
        try
        {
            options.Validate();
        }
        catch (VisionMambaException e)
        {
            throw new UsageException(e.Message);
        }

        return options;
    }
}

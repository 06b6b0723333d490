using System.Diagnostics;
using VisionMamba.Data;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Training.Optimizers;
using VisionMamba.Training.Schedules;

namespace VisionMamba.Training;

/// <summary>How a run ended.</summary>
/// <param name="State">Where it stands.</param>
/// <param name="Finished">False when it was interrupted and can be resumed.</param>
/// <param name="Validation">The last validation's metrics; null when there was none.</param>
/// <param name="ImagesPerSecond">Mean speed of training.</param>
public sealed record TrainingResult(TrainingState State, bool Finished, Metrics? Validation, double ImagesPerSecond);

/// <summary>
/// Trains a model: AdamW, cosine schedule, label smoothing, random crops and flips, validation after each epoch. Writes
/// last.safetensors (resumable), best.safetensors (by validation top-1) and the logs into a folder. Same seed, same bits.
/// </summary>
public sealed class Trainer
{
    private const ulong StepStream = 0x57E9, MixStream = 0x317E;
    private readonly ModelSession _session;
    private readonly DatasetSplits _data;
    private readonly Preprocessing _preprocessing;
    private readonly TrainingOptions _options;
    private readonly ModelCard _card;
    private readonly string _output;
    private readonly AdamWOptimizer _optimizer;
    private readonly CosineSchedule _schedule;
    private readonly BatchMixer _mixer;
    private readonly Stopwatch _clock = new();
    private long _imagesTrained;

    /// <summary>Prepares a run; <paramref name="card"/> goes into the checkpoints.</summary>
    public Trainer(
        ModelSession session, DatasetSplits data, Preprocessing preprocessing, TrainingOptions options, ModelCard card, string output)
    {
        options.Validate();
        (_session, _data, _preprocessing, _options, _card, _output) = (session, data, preprocessing, options, card, output);
        _mixer = new BatchMixer(options.Augment, session.Model.Config.Classes, options.LabelSmoothing);
        _optimizer = new AdamWOptimizer(session.Model.Parameters, options.WeightDecay);
        _schedule = new CosineSchedule(
            options.ScaledRate, options.MinimumRate, options.WarmupRate, options.WarmupEpochs, options.Epochs);
    }

    /// <summary>Path of the resumable checkpoint.</summary>
    public string LastPath => Path.Combine(_output, "last.safetensors");

    /// <summary>Path of the best model.</summary>
    public string BestPath => Path.Combine(_output, "best.safetensors");

    /// <summary>
    /// Writes last.safetensors as it is before the first step, so that a run can be resumed from the moment it exists.
    /// </summary>
    public void SaveStart() => new TrainingState().Save(LastPath, _session.Model, _card, _optimizer);

    /// <summary>
    /// Trains to the end or until <paramref name="cancel"/>, which saves before it returns. With
    /// <paramref name="resume"/> the state in last.safetensors goes on; the model must have been loaded from that file.
    /// </summary>
    public TrainingResult Run(ITrainingProgress progress, bool resume = false, CancellationToken cancel = default)
    {
        TrainingState state = resume ? TrainingState.Load(LastPath, _optimizer) : new TrainingState();
        using var log = new RunLog(_output, state, _options.TensorBoard);
        using var loader = new BatchLoader(
            _data.Train.Cached(), new TrainTransform(_preprocessing, _options.Augment, _options.CropScale),
            Math.Min(_options.Batch, _data.Train.Count), _options.Seed, _options.Workers, shuffle: true, dropLast: true);
        ImageDataset validation = _data.Validation.Cached();
        Metrics? last = null;
        while (state.Epoch < _options.Epochs && (_options.MaxSteps == 0 || state.Step < _options.MaxSteps))
        {
            var epochClock = Stopwatch.StartNew();
            state = TrainEpoch(loader, state, log, progress, cancel);
            bool limit = _options.MaxSteps > 0 && state.Step >= _options.MaxSteps;
            if (cancel.IsCancellationRequested && state.StepInEpoch < loader.BatchesPerEpoch && !limit)
                return Interrupted(state, log, last);
            // Not cancelled: a finished epoch is always validated and saved.
            last = Evaluator.Run(
                _session, validation, _preprocessing, _options.Batch, _options.Workers, cancel: CancellationToken.None);
            state = FinishEpoch(state, last, log, progress, epochClock.Elapsed.TotalSeconds);
            if (limit)
                break;
            if (cancel.IsCancellationRequested && state.Epoch < _options.Epochs)
                return Interrupted(state, log, last);
        }

        return new TrainingResult(state, true, last, Speed);
    }

    private double Speed => _imagesTrained / Math.Max(_clock.Elapsed.TotalSeconds, 1e-9);

    /// <summary>The log goes first: rows after a checkpoint are dropped on resuming, missing ones could not be made up.</summary>
    private void SaveWithin(TrainingState state, RunLog log)
    {
        log.Flush();
        state.Save(LastPath, _session.Model, _card, _optimizer);
    }

    private TrainingResult Interrupted(TrainingState state, RunLog log, Metrics? last)
    {
        SaveWithin(state, log);
        return new TrainingResult(state, false, last, Speed);
    }

    private TrainingState TrainEpoch(
        BatchLoader loader, TrainingState state, RunLog log, ITrainingProgress progress, CancellationToken cancel)
    {
        double rate = _schedule.RateOfEpoch(state.Epoch);
        _clock.Start();
        foreach (ImageBatch images in loader.Epoch(state.Epoch, state.StepInEpoch))
        {
            (double loss, double norm) = TrainStep(images, state, rate);
            _imagesTrained += images.Count;
            log.Step(state.Step + 1, state.Epoch, rate, loss, norm);
            state = state with
            {
                Step = state.Step + 1,
                StepInEpoch = state.StepInEpoch + 1,
                LossSum = state.LossSum + loss,
            };
            if (_options.SaveEvery > 0 && state.Step % _options.SaveEvery == 0 && state.StepInEpoch < loader.BatchesPerEpoch)
                SaveWithin(state, log);
            long left = ((long)_options.Epochs * loader.BatchesPerEpoch) - state.Step;
            if (_options.MaxSteps > 0)
                left = Math.Min(left, _options.MaxSteps - state.Step);
            progress.Step(state.Epoch, state.StepInEpoch, loader.BatchesPerEpoch, state.LossSum / state.StepInEpoch, Speed,
                TimeSpan.FromSeconds(left * images.Count / Math.Max(Speed, 1e-9)));
            if (cancel.IsCancellationRequested || (_options.MaxSteps > 0 && state.Step >= _options.MaxSteps))
                break;
        }

        _clock.Stop();
        return state;
    }

    private (double Loss, double Norm) TrainStep(ImageBatch images, TrainingState state, double rate)
    {
        VisionMambaModel model = _session.Model;
        int size = _preprocessing.Size, classes = model.Config.Classes;
        float[] mixed = _mixer.Mix(images, new Rng(_options.Seed, MixStream).Derive((ulong)state.Step));
        Tensor input = Tensor.From(images.Input, images.Count, model.Config.Channels, size, size);
        Tensor targets = Tensor.From(mixed, images.Count, 1, classes);
        var context = new ForwardContext(
            Training: true, new Rng(_options.Seed, StepStream).Derive((ulong)state.Step), (float)_options.DropPath);
        model.Parameters.ClearGradients();
        double loss = _session.Gradients(input, targets, context);
        double norm = GradientNorm.Of(_session.Backend, model.Parameters);
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
            throw Stopped(input, targets, context, state);
        if (_options.ClipGradient > 0)
            GradientNorm.Clip(_session.Backend, model.Parameters, norm, _options.ClipGradient);
        _optimizer.Step(_session.Backend, rate);
        return (loss, norm);
    }

    /// <summary>Runs the failed step again, looking at every result, to name the layer.</summary>
    private DivergedException Stopped(Tensor input, Tensor targets, ForwardContext context, TrainingState state)
    {
        string where = "the gradient's sum of squares";
        try
        {
            _session.Model.Parameters.ClearGradients();
            _session.Gradients(input, targets, context, checkFinite: true);
        }
        catch (NonFiniteException e)
        {
            where = e.Message;
        }

        string good = File.Exists(LastPath) ? $"the last good checkpoint is {LastPath}" : "no checkpoint was written yet";
        return new DivergedException(
            $"training stopped at epoch {state.Epoch + 1}, step {state.Step + 1}: NaN or infinity, first in {where}; {good}; "
            + "try a lower --lr or --clip-grad 1");
    }

    private TrainingState FinishEpoch(
        TrainingState state, Metrics validation, RunLog log, ITrainingProgress progress, double seconds)
    {
        double trainLoss = state.LossSum / Math.Max(state.StepInEpoch, 1);
        bool best = validation.Top1 > state.BestTop1;
        log.Epoch(state.Epoch, _schedule.RateOfEpoch(state.Epoch), trainLoss, validation, seconds);
        progress.Epoch(state.Epoch, trainLoss, validation, best);
        int epoch = state.Epoch;
        state = state with
        {
            Epoch = epoch + 1,
            StepInEpoch = 0,
            LossSum = 0,
            BestTop1 = best ? validation.Top1 : state.BestTop1,
            BestEpoch = best ? epoch : state.BestEpoch,
        };
        if (best)
        {
            var provenance = (System.Text.Json.Nodes.JsonObject)_card.Provenance.DeepClone();
            provenance["result"] = state.Summary();
            ModelFile.Save(BestPath, _session.Model, _card with { Provenance = provenance });
        }

        state.Save(LastPath, _session.Model, _card, _optimizer);
        return state;
    }

    /// <summary>One-hot targets with label smoothing, (batch, 1, classes): 1 - s + s / classes at the label, s / classes elsewhere.</summary>
    public static Tensor SoftTargets(ReadOnlySpan<int> labels, int classes, double smoothing)
    {
        var targets = new Tensor(labels.Length, 1, classes);
        targets.Span.Fill((float)(smoothing / classes));
        for (int i = 0; i < labels.Length; i++)
            targets.Span[(i * classes) + labels[i]] = (float)(1 - smoothing + (smoothing / classes));
        return targets;
    }
}

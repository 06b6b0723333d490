using System.Diagnostics;
using VisionMamba.Data;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Training.Losses;
using VisionMamba.Training.Optimizers;
using VisionMamba.Training.Schedules;

namespace VisionMamba.Training;

/// <summary>How a run ended.</summary>
/// <param name="State">Where it stands.</param>
/// <param name="Finished">False when it was interrupted and can be resumed.</param>
/// <param name="Validation">The last validation's metrics; null when there was none.</param>
/// <param name="ImagesPerSecond">Mean speed of training.</param>
public sealed record TrainingResult(TrainingState State, bool Finished, Metrics? Validation, double ImagesPerSecond)
{
    /// <summary>The last validation's metrics of the averaged weights; null without an average.</summary>
    public Metrics? AverageValidation { get; init; }
}

/// <summary>
/// Trains a model as its <see cref="TrainingOptions"/> say and validates it after each epoch. Writes last.safetensors
/// (resumable), best.safetensors (by validation top-1), best_ema.safetensors (likewise, of the averaged weights) and
/// the logs into a folder. Same seed, same bits.
/// </summary>
public sealed class Trainer
{
    private readonly ModelSession _session;
    private readonly DatasetSplits _data;
    private readonly Preprocessing _preprocessing;
    private readonly TrainingOptions _options;
    private readonly ModelCard _card;
    private readonly string _output;
    private readonly Optimizer _optimizer;
    private readonly AveragedModel? _average;
    private readonly LearningRates _rates;
    private readonly TrainStep _step;
    private readonly EpochEnd _epochEnd;
    private readonly Stopwatch _clock = new();
    private long _imagesTrained;

    /// <summary>Prepares a run; <paramref name="card"/> goes into the checkpoints.</summary>
    public Trainer(
        ModelSession session, DatasetSplits data, Preprocessing preprocessing, TrainingOptions options, ModelCard card,
        string output)
    {
        options.Validate();
        PreprocessingJson.CheckChannels(session.Model.Config);
        (_session, _data, _preprocessing, _options) = (session, data, preprocessing, options);
        (_card, _output) = (card, output);
        ParameterSet parameters = session.Model.Parameters;
        _optimizer = OptimizerCatalog.Create(
            options.Opt, parameters, options.OptimizerSettings(session.Model.Method.SharedLayers));
        _average = options.ModelEma ? new AveragedModel(parameters, options.ModelEmaDecay) : null;
        _rates = new LearningRates(options);
        Teacher? teacher = options.Teacher is null ? null : Teacher.Open(
            options.Teacher, session.Model.Config, data.Train.Classes, preprocessing, session.Backend);
        // Pieces of two sizes would make what is kept depend on where a run was interrupted (see FeatureCache).
        int batch = Math.Min(options.Batch, data.Train.Count);
        bool even = session.Backend.OnHost
            || batch % BatchPieces.Images(options, session.Model.Config, session.Backend) == 0;
        session.KeepFeatures(options.InputsRepeat() && even);
        _step = new TrainStep(session, options, _optimizer, _average, teacher);
        _epochEnd = new EpochEnd(session, _average, card, BestPath, BestAveragePath);
    }

    /// <summary>Path of the resumable checkpoint.</summary>
    public string LastPath => Path.Combine(_output, "last.safetensors");

    /// <summary>Path of the best model.</summary>
    public string BestPath => Path.Combine(_output, "best.safetensors");

    /// <summary>Path of the best model with averaged weights.</summary>
    public string BestAveragePath => Path.Combine(_output, "best_ema.safetensors");

    private double Speed => _imagesTrained / Math.Max(_clock.Elapsed.TotalSeconds, 1e-9);

    /// <summary>
    /// Writes last.safetensors as it is before the first step, so that a run can be resumed from the moment it exists.
    /// </summary>
    public void SaveStart() => Save(new TrainingState());

    /// <summary>
    /// Trains to the end or until <paramref name="cancel"/>, which saves before it returns. With
    /// <paramref name="resume"/> the state in last.safetensors goes on; the model must have been loaded from that file.
    /// </summary>
    public TrainingResult Run(ITrainingProgress progress, bool resume = false, CancellationToken cancel = default)
    {
        TrainingState state = resume
            ? TrainingState.Load(LastPath, _optimizer, _average, _options) : new TrainingState();
        using var log = new RunLog(_output, state, _options.TensorBoard, average: _average is not null);
        using var loader = new BatchLoader(
            _data.Train.Cached(_options.CacheBytes),
            new TrainTransform(_preprocessing, _options.Augment, _options.CropScale),
            Math.Min(_options.Batch, _data.Train.Count), _options.Seed, _options.Workers, shuffle: true, dropLast: true,
            repeats: _options.RepeatedAug);
        ImageDataset validation = _data.Validation.Cached(_options.CacheBytes);
        ValidationResult? last = null;
        while (!Ended(state, progress))
        {
            var epochClock = Stopwatch.StartNew();
            state = TrainEpoch(loader, state, log, progress, cancel);
            bool limit = AtLimit(state);
            if (cancel.IsCancellationRequested && state.StepInEpoch < loader.BatchesPerEpoch && !limit)
                return Interrupted(state, log, last);
            // Not cancelled: a finished epoch is always validated and saved.
            last = Validate(validation, state);
            state = FinishEpoch(state, last, log, progress, epochClock.Elapsed.TotalSeconds);
            if (limit)
                break;
            if (cancel.IsCancellationRequested && state.Epoch < _rates.Epochs)
                return Interrupted(state, log, last);
        }

        return Result(state, finished: true, last);
    }

    private bool Ended(TrainingState state, ITrainingProgress progress)
    {
        if (state.Epoch >= _rates.Epochs || AtLimit(state))
            return true;
        if (_options.EarlyStop == 0 || state.EpochsWithoutProgress < _options.EarlyStop)
            return false;
        progress.EarlyStop(state.Epoch, state.EpochsWithoutProgress);
        return true;
    }

    private bool AtLimit(TrainingState state) => _options.MaxSteps > 0 && state.Step >= _options.MaxSteps;

    private TrainingResult Result(TrainingState state, bool finished, ValidationResult? last) =>
        new(state, finished, last?.Model, Speed) { AverageValidation = last?.Average };

    private TrainingResult Interrupted(TrainingState state, RunLog log, ValidationResult? last)
    {
        SaveWithin(state, log);
        return Result(state, finished: false, last);
    }

    /// <summary>
    /// The log goes first: rows after a checkpoint are dropped on resuming, missing ones could not be made up.
    /// </summary>
    private void SaveWithin(TrainingState state, RunLog log)
    {
        log.Flush();
        Save(state);
    }

    private void Save(TrainingState state) =>
        state.Save(LastPath, _session.Model, _card, _optimizer, _average, _options);

    private TrainingState TrainEpoch(
        BatchLoader loader, TrainingState state, RunLog log, ITrainingProgress progress, CancellationToken cancel)
    {
        double rate = _rates.Of(state);
        _clock.Start();
        using var batches = new PreparedBatches(loader.Epoch(state.Epoch, state.StepInEpoch), _step);
        while (batches.Next(state.Step) is { } next)
        {
            using PreparedBatch images = next;
            (double loss, double norm) = Step(images, state, rate, batches);
            _imagesTrained += images.Count;
            log.Step(state.Step + 1, state.Epoch, rate, loss, norm);
            state = state with
            {
                Step = state.Step + 1,
                StepInEpoch = state.StepInEpoch + 1,
                LossSum = state.LossSum + loss,
            };
            // Not at the last step: what is validated after it must be found undone by a run that goes on.
            int every = _options.SaveEvery;
            if (every > 0 && state.Step % every == 0 && state.StepInEpoch < loader.BatchesPerEpoch && !AtLimit(state))
                SaveWithin(state, log);
            long left = ((long)_rates.Epochs * loader.BatchesPerEpoch) - state.Step;
            if (_options.MaxSteps > 0)
                left = Math.Min(left, _options.MaxSteps - state.Step);
            progress.Step(
                state.Epoch, state.StepInEpoch, loader.BatchesPerEpoch, state.LossSum / state.StepInEpoch, Speed,
                TimeSpan.FromSeconds(left * images.Count / Math.Max(Speed, 1e-9)));
            if (cancel.IsCancellationRequested || AtLimit(state))
                break;
        }

        _clock.Stop();
        return state;
    }

    private (double Loss, double Norm) Step(
        PreparedBatch images, TrainingState state, double rate, PreparedBatches batches)
    {
        long following = state.Step + 1;
        bool ahead = _step.LooksAhead && !(_options.MaxSteps > 0 && following >= _options.MaxSteps);
        try
        {
            return _step.Run(images, state.Step, rate, ahead ? () => batches.Prepare(following) : null);
        }
        catch (NonFiniteException e)
        {
            throw Diverged($"epoch {state.Epoch + 1}, step {state.Step + 1}: NaN or infinity, first in {e.Message}");
        }
    }

    private ValidationResult Validate(ImageDataset images, TrainingState state)
    {
        int batch = BatchPieces.Images(_options, _session.Model.Config, _session.Backend);
        Metrics Measure() => Evaluator.Run(
            _session, images, _preprocessing, batch, _options.Workers, cancel: CancellationToken.None);
        try
        {
            return new ValidationResult(Measure(), _average?.With(Measure));
        }
        catch (DivergedException e)
        {
            throw Diverged($"the validation after epoch {state.Epoch + 1}: {e.Message}");
        }
    }

    private DivergedException Diverged(string where)
    {
        string good = File.Exists(LastPath)
            ? $"the last good checkpoint is {LastPath}" : "no checkpoint was written yet";
        return new DivergedException(
            $"training stopped at {where}; {good}; try a lower --lr or --clip-grad 1");
    }

    private TrainingState FinishEpoch(
        TrainingState state, ValidationResult validation, RunLog log, ITrainingProgress progress, double seconds)
    {
        double trainLoss = state.LossSum / Math.Max(state.StepInEpoch, 1);
        log.Epoch(state.Epoch, _rates.Of(state), trainLoss, validation.Model, seconds, validation.Average);
        TrainingState next = _epochEnd.Next(state, validation) with
        {
            Plateau = _rates.After(state, validation.Model.Top1),
        };
        progress.Epoch(state.Epoch, trainLoss, validation.Model, best: next.BestEpoch == state.Epoch);
        if (validation.Average is not null)
            progress.AverageEpoch(state.Epoch, validation.Average, best: next.BestEmaEpoch == state.Epoch);
        Save(next);
        return next;
    }
}

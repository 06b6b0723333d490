using VisionMamba.Cli.Output;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>
/// A study's numbers for other programs: a row for every run, and one for every method on every task.
/// </summary>
internal static class StudyCsv
{
    public static string Runs(IReadOnlyList<StudyRecord> records) => Csv.Text(
        [
            "task", "group", "method", "sweep_of", "sweep_key", "sweep_value", "purpose", "learning_rate", "seed",
            "validation_top1", "validation_loss", "test_top1", "trainable_parameters", "train_images",
            "validation_images", "test_images", "images_per_second", "seconds_per_step", "step_peak_bytes", "seconds",
            "failed", "finished",
        ],
        records.Select(r => new object?[]
        {
            r.Task, r.Group, r.Method, r.SweepOf, r.SweepKey, r.SweepValue, r.Tuning ? "tuning" : "seed",
            r.LearningRate, r.Seed, r.ValidationTop1, r.ValidationLoss, r.TestTop1, r.TrainableParameters,
            r.TrainImages, r.ValidationImages, r.TestImages, r.ImagesPerSecond, r.SecondsPerStep, r.StepPeakBytes,
            r.Seconds, r.Failed, r.Finished,
        }));

    public static string Results(StudyResults results, StudyCosts? costs) => Csv.Text(
        [
            "task", "group", "method", "mean", "deviation", "seeds", "learning_rate", "learning_rate_at_edge", "failed",
            "trainable_parameters", "train_seconds_per_image", "bytes_per_image",
        ],
        results.Records.Select(r => r.Method).Distinct().SelectMany(method => results.Tasks
            .Where(t => results.Of(method, t.Name) is not null).Select(task =>
            {
                StudyResult cell = results.Of(method, task.Name)!;
                MethodCost? cost = costs?.Methods.GetValueOrDefault(method);
                return new object?[]
                {
                    task.Name, task.Group, method, cell.Accuracy?.Mean, cell.Accuracy?.Deviation,
                    cell.Accuracy?.Count ?? 0, cell.LearningRate, cell.AtEdge ? "yes" : "no", cell.Failed,
                    results.Records.First(r => r.Method == method && r.Task == task.Name).TrainableParameters,
                    cost?.TrainSeconds, cost?.ImageBytes,
                };
            })));
}

using System.Globalization;
using System.Text;
using VisionMamba.Tensors.Files;
using VisionMamba.Training.TensorBoard;

namespace VisionMamba.Training;

/// <summary>
/// A run's logs: log.csv with a row per epoch and steps.jsonl with a line per step. When a run is resumed, rows after
/// the checkpoint are dropped, so that the logs equal those of an uninterrupted run. TensorBoard's event files hold the
/// same.
/// </summary>
public sealed class RunLog : IDisposable
{
    /// <summary>The file with a line for each step; it has none before the first checkpoint after one.</summary>
    public const string StepsName = "steps.jsonl";

    private const string StepStart = "{\"step\":";
    private const string Columns = "epoch,learning_rate,train_loss,validation_loss,validation_top1,validation_top5,";
    private const string AverageColumns = "ema_validation_loss,ema_validation_top1,ema_validation_top5,";
    private readonly string _epochPath;
    private readonly StreamWriter _steps;
    private readonly EventFile? _events;
    private long _lastStep;

    /// <summary>Opens the logs in <paramref name="folder"/>, keeping what belongs to the state resumed from.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="resumed">The state of the checkpoint gone on from; a new one for a new run.</param>
    /// <param name="tensorBoard">Write event files, too.</param>
    /// <param name="average">Whether the rows have columns for averaged weights.</param>
    public RunLog(string folder, TrainingState resumed, bool tensorBoard = false, bool average = false)
    {
        Directory.CreateDirectory(folder);
        _epochPath = Path.Combine(folder, "log.csv");
        string stepPath = Path.Combine(folder, StepsName);
        IEnumerable<string> rows = Rows(_epochPath).Skip(1).Where(r => Number(r, "") <= resumed.Epoch);
        AtomicFile.WriteText(_epochPath, Joined([$"{Columns}{(average ? AverageColumns : "")}seconds", .. rows]));
        AtomicFile.WriteText(stepPath, Joined(Rows(stepPath).Where(r => Number(r, StepStart) <= resumed.Step)));
        _lastStep = resumed.Step;
        _events = tensorBoard ? new EventFile(folder, resumed.Step) : null;
        _steps = new StreamWriter(new FileStream(stepPath, FileMode.Append, FileAccess.Write, FileShare.Read));
    }

    /// <summary>Adds a step's line.</summary>
    public void Step(long step, int epoch, double learningRate, double loss, double gradientNorm)
    {
        _lastStep = step;
        _events?.Scalars(
            step, ("train/loss", loss), ("train/learning_rate", learningRate), ("train/gradient_norm", gradientNorm));
        _steps.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"step\":{step},\"epoch\":{epoch + 1},\"learning_rate\":{learningRate:R},\"loss\":{loss:R},"
            + $"\"gradient_norm\":{gradientNorm:R}}}"));
    }

    /// <summary>Adds an epoch's row.</summary>
    public void Epoch(
        int epoch, double learningRate, double trainLoss, Metrics validation, double seconds, Metrics? average = null)
    {
        static string Measured(Metrics m) =>
            string.Create(CultureInfo.InvariantCulture, $"{m.Loss:R},{m.Top1:R},{m.Top5:R},");
        string measured = Measured(validation) + (average is null ? "" : Measured(average));
        string row = string.Create(
            CultureInfo.InvariantCulture, $"{epoch + 1},{learningRate:R},{trainLoss:R},{measured}{seconds:F1}");
        AtomicFile.WriteText(_epochPath, Joined([.. Rows(_epochPath), row]));
        _events?.Scalars(_lastStep, ("epoch/train_loss", trainLoss), ("validation/loss", validation.Loss),
            ("validation/top1", validation.Top1), ("validation/top5", validation.Top5));
        if (average is not null)
            _events?.Scalars(
                _lastStep, ("ema/loss", average.Loss), ("ema/top1", average.Top1), ("ema/top5", average.Top5));
        Flush();
    }

    /// <summary>
    /// Writes what is buffered, to the disk as checkpoints are; called whenever one is saved.
    /// </summary>
    public void Flush()
    {
        _steps.Flush();
        ((FileStream)_steps.BaseStream).Flush(flushToDisk: true);
        _events?.Flush();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _steps.Dispose();
        _events?.Dispose();
    }

    /// <summary>
    /// The number a row begins with. A run that goes on with another's checkpoint does not begin at 1.
    /// </summary>
    private static long Number(string row, string start) =>
        row.StartsWith(start, StringComparison.Ordinal) && row.IndexOf(',') is > 0 and var end
        && long.TryParse(row.AsSpan(start.Length, end - start.Length), CultureInfo.InvariantCulture, out long number)
            ? number
            : long.MaxValue;

    private static string[] Rows(string path) => File.Exists(path) ? File.ReadAllLines(path) : [];

    private static string Joined(IEnumerable<string> rows)
    {
        var text = new StringBuilder();
        foreach (string row in rows)
            text.Append(row).Append('\n');
        return text.ToString();
    }
}

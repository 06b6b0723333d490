using System.Globalization;
using System.Text;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Training;

/// <summary>
/// A run's logs: log.csv with a row per epoch and steps.jsonl with a line per step. When a run is resumed, rows after the
/// checkpoint are dropped, so that the logs equal those of an uninterrupted run.
/// </summary>
public sealed class RunLog : IDisposable
{
    private const string Header = "epoch,learning_rate,train_loss,validation_loss,validation_top1,validation_top5,seconds";
    private readonly string _epochPath;
    private readonly StreamWriter _steps;

    /// <summary>Opens the logs in <paramref name="folder"/>, keeping what belongs to the state resumed from.</summary>
    public RunLog(string folder, TrainingState resumed)
    {
        Directory.CreateDirectory(folder);
        _epochPath = Path.Combine(folder, "log.csv");
        string stepPath = Path.Combine(folder, "steps.jsonl");
        AtomicFile.WriteText(_epochPath, Joined([Header, .. Rows(_epochPath).Skip(1).Take(resumed.Epoch)]));
        AtomicFile.WriteText(stepPath, Joined(Rows(stepPath).Take((int)resumed.Step)));
        _steps = new StreamWriter(new FileStream(stepPath, FileMode.Append, FileAccess.Write, FileShare.Read));
    }

    /// <summary>Adds a step's line.</summary>
    public void Step(long step, int epoch, double learningRate, double loss, double gradientNorm) => _steps.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"step":{{step}},"epoch":{{epoch + 1}},"learning_rate":{{learningRate:R}},"loss":{{loss:R}},"gradient_norm":{{gradientNorm:R}}}"""));

    /// <summary>Adds an epoch's row.</summary>
    public void Epoch(int epoch, double learningRate, double trainLoss, Metrics validation, double seconds)
    {
        string row = string.Create(
            CultureInfo.InvariantCulture,
            $"{epoch + 1},{learningRate:R},{trainLoss:R},{validation.Loss:R},{validation.Top1:R},{validation.Top5:R},{seconds:F1}");
        AtomicFile.WriteText(_epochPath, Joined([.. Rows(_epochPath), row]));
        _steps.Flush();
    }

    /// <summary>Writes what is buffered; called whenever a checkpoint is saved.</summary>
    public void Flush() => _steps.Flush();

    /// <inheritdoc/>
    public void Dispose() => _steps.Dispose();

    private static string[] Rows(string path) => File.Exists(path) ? File.ReadAllLines(path) : [];

    private static string Joined(IEnumerable<string> rows)
    {
        var text = new StringBuilder();
        foreach (string row in rows)
            text.Append(row).Append('\n');
        return text.ToString();
    }
}

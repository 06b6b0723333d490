using System.Diagnostics;
using Spectre.Console;
using VisionMamba.Training;

namespace VisionMamba.Cli.Output;

/// <summary>Shows a run on stderr: a live bar on a terminal, plain lines elsewhere.</summary>
internal static class TrainingConsole
{
    /// <summary>Is told of the runs in place of the console; null for the console.</summary>
    public static ITrainingProgress? Instead { get; set; }

    public static TrainingResult Run(string title, Func<ITrainingProgress, TrainingResult> train)
    {
        if (Instead is { } other)
            return train(other);
        if (Console.IsErrorRedirected)
            return train(new PlainProgress(title));
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        TrainingResult? result = null;
        console.Progress()
            .AutoClear(false)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
            .Start(context => result = train(new BarProgress(context.AddTask(title), console, title)));
        return result!;
    }

    private static string EpochLine(string title, int epoch, double trainLoss, Metrics validation, bool best) =>
        $"{title}: epoch {epoch + 1}: train loss {trainLoss:F4}, validation loss {validation.Loss:F4}, "
        + $"top-1 {validation.Top1:P1}{(best ? " (best)" : "")}";

    private static string AverageLine(string title, int epoch, Metrics validation, bool best) =>
        $"{title}: epoch {epoch + 1}: average: validation loss {validation.Loss:F4}, "
        + $"top-1 {validation.Top1:P1}{(best ? " (best)" : "")}";

    private static string StopLine(string title, int epochs, int without) =>
        $"{title}: stopped after {epochs} epochs: {without} without a better top-1";

    internal static string Speed(double loss, double imagesPerSecond, TimeSpan remaining) =>
        $"loss {loss:F4}, {imagesPerSecond:F1} images/s, {Durations.Words(remaining)} left";

    private sealed class PlainProgress(string title) : ITrainingProgress
    {
        private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);
        private readonly Stopwatch _since = Stopwatch.StartNew();

        public void Step(int epoch, int step, int steps, double loss, double imagesPerSecond, TimeSpan remaining)
        {
            if (_since.Elapsed < s_interval)
                return;
            _since.Restart();
            Console.Error.WriteLine(
                $"{title}: epoch {epoch + 1}, step {step}/{steps}: {Speed(loss, imagesPerSecond, remaining)}");
        }

        public void Epoch(int epoch, double trainLoss, Metrics validation, bool best) =>
            Console.Error.WriteLine(EpochLine(title, epoch, trainLoss, validation, best));

        public void AverageEpoch(int epoch, Metrics validation, bool best) =>
            Console.Error.WriteLine(AverageLine(title, epoch, validation, best));

        public void EarlyStop(int epochs, int without) => Console.Error.WriteLine(StopLine(title, epochs, without));
    }

    private sealed class BarProgress(ProgressTask task, IAnsiConsole console, string title) : ITrainingProgress
    {
        public void Step(int epoch, int step, int steps, double loss, double imagesPerSecond, TimeSpan remaining)
        {
            task.MaxValue = steps;
            task.Value = step;
            task.Description = Markup.Escape($"{title} epoch {epoch + 1}: {Speed(loss, imagesPerSecond, remaining)}");
        }

        public void Epoch(int epoch, double trainLoss, Metrics validation, bool best) =>
            console.WriteLine(EpochLine(title, epoch, trainLoss, validation, best));

        public void AverageEpoch(int epoch, Metrics validation, bool best) =>
            console.WriteLine(AverageLine(title, epoch, validation, best));

        public void EarlyStop(int epochs, int without) => console.WriteLine(StopLine(title, epochs, without));
    }
}

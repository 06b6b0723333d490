using ScottPlot;
using SkiaSharp;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Cli.Runs;

/// <summary>
/// Loss and accuracy curves of runs, one colour a run, as PNG or SVG. Text is set in a font that comes with the
/// product,
/// so that pictures are the same on machines without fonts.
/// </summary>
internal static class RunPlot
{
    private const int Width = 1000, PanelHeight = 440;
    private const string Font = "DejaVu Sans";

    // Fewer points than this get a mark each.
    private const int MarkedPoints = 60;

    static RunPlot() => UseFont();

    /// <summary>Has every plot set its text in the font that comes with the product.</summary>
    public static void UseFont()
    {
        string file = Path.Combine(AppContext.BaseDirectory, "Assets", "DejaVuSans.ttf");
        foreach (bool bold in new[] { false, true })
            Fonts.AddFontFile(Font, file, bold, italic: false);
        Fonts.Default = Font;
    }

    /// <summary>Draws <paramref name="runs"/> over epochs or steps; the file's ending says the format.</summary>
    /// <exception cref="UsageException">The ending is neither .png nor .svg.</exception>
    /// <exception cref="VisionMambaException">A run has nothing to draw yet.</exception>
    public static void Write(string file, IReadOnlyList<RunRecord> runs, bool bySteps)
    {
        string ending = Path.GetExtension(file).ToUpperInvariant();
        if (ending is not (".PNG" or ".SVG"))
            throw new UsageException($"--output {file}: must end in .png or .svg");
        Multiplot figure = Draw(runs, bySteps);
        int height = 2 * PanelHeight;
        AtomicFile.Write(file, stream =>
        {
            if (ending == ".PNG")
            {
                stream.Write(figure.Render(Width, height).GetImageBytes(ImageFormat.Png));
                return;
            }

            using var text = new MemoryStream();
            using (SKCanvas canvas = SKSvgCanvas.Create(new SKRect(0, 0, Width, height), text))
                figure.Render(canvas, new PixelRect(0, Width, height, 0));
            stream.Write(text.ToArray());
        });
    }

    private static Multiplot Draw(IReadOnlyList<RunRecord> runs, bool bySteps)
    {
        var figure = new Multiplot();
        figure.AddPlots(2);
        Plot loss = figure.GetPlot(0), accuracy = figure.GetPlot(1);
        IReadOnlyList<string> names = Names(runs);
        var palette = new ScottPlot.Palettes.Category10();
        for (int i = 0; i < runs.Count; i++)
        {
            Curves curves = Curves.Of(runs[i], bySteps);
            Color color = palette.GetColor(i);
            Add(loss, curves.TrainAt, curves.TrainLoss, color, dashed: false, $"{names[i]}: training");
            Add(loss, curves.ValidationAt, curves.ValidationLoss, color, dashed: true, $"{names[i]}: validation");
            Add(accuracy, curves.ValidationAt, curves.Top1, color, dashed: false, $"{names[i]}: validation");
        }

        figure.SharedAxes.ShareX([loss, accuracy]);
        string axis = bySteps ? "step" : "epoch";
        Label(loss, "Loss", axis, "cross entropy (nats)");
        Label(accuracy, "Validation accuracy", axis, "top-1 (%)");
        return figure;
    }

    /// <summary>Runs are called by their folder's name; by its whole path where two have the same.</summary>
    private static IReadOnlyList<string> Names(IReadOnlyList<RunRecord> runs)
    {
        string[] names = [.. runs.Select(
            r => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(r.Folder))))];
        return names.Distinct().Count() == names.Length ? names : [.. runs.Select(r => r.Folder)];
    }

    private static void Add(Plot plot, double[] x, double[] y, Color color, bool dashed, string legend)
    {
        if (x.Length == 0)
            return;
        var line = plot.Add.Scatter(x, y, color);
        line.LineWidth = 2;
        line.LinePattern = dashed ? LinePattern.Dashed : LinePattern.Solid;
        line.MarkerSize = x.Length <= MarkedPoints && !dashed ? 5 : 0;
        line.LegendText = legend;
    }

    private static void Label(Plot plot, string title, string x, string y)
    {
        plot.Title(title, 18);
        plot.XLabel(x, 15);
        plot.YLabel(y, 15);
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
        // Long enough to tell a dashed line from a solid one.
        plot.Legend.SymbolWidth = 45;
        // Beside the curves: in a corner it would cover the ends of some.
        plot.ShowLegend(Edge.Right);
    }

    private sealed record Curves(
        double[] TrainAt, double[] TrainLoss, double[] ValidationAt, double[] ValidationLoss, double[] Top1)
    {
        public static Curves Of(RunRecord run, bool bySteps)
        {
            IReadOnlyList<StepRow> steps = bySteps ? run.ReadSteps() : [];
            if (run.Epochs.Count == 0 && steps.Count == 0)
            {
                throw new VisionMambaException(
                    $"{run.Folder}: no epoch is finished, there is nothing to draw yet"
                    + (bySteps ? "" : "; --by step shows the steps so far"));
            }

            Dictionary<int, long> ends = steps.GroupBy(s => s.Epoch).ToDictionary(g => g.Key, g => g.Max(s => s.Step));
            double[] at = [.. run.Epochs.Select(
                e => bySteps ? ends.GetValueOrDefault(e.Epoch, e.Epoch) : (double)e.Epoch)];
            return new Curves(
                bySteps ? [.. steps.Select(s => (double)s.Step)] : at,
                bySteps ? [.. steps.Select(s => s.Loss)] : [.. run.Epochs.Select(e => e.TrainLoss)],
                at, [.. run.Epochs.Select(e => e.ValidationLoss)], [.. run.Epochs.Select(e => 100 * e.ValidationTop1)]);
        }
    }
}

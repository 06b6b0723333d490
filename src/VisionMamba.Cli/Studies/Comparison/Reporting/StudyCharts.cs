using System.Globalization;
using ScottPlot;
using VisionMamba.Cli.Runs;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>A study's charts as PNG pictures.</summary>
internal static class StudyCharts
{
    private const int Width = 1100, Height = 560;

    static StudyCharts() => RunPlot.UseFont();

    /// <summary>The charts that the results allow: file name, title and picture.</summary>
    public static IEnumerable<(string File, string Title, byte[] Png)> All(StudyResults results, StudyCosts? costs)
    {
        string[] complete = [.. results.Methods.Where(m => results.Groups.Any(g => results.Mean(m, g) is not null))];
        if (complete.Length > 0)
            yield return ("groups.png", "Test accuracy by group of tasks", Groups(results, complete));
        string[] whole = [.. complete.Where(
            m => results.Mean(m, null) is not null && costs?.Methods.ContainsKey(m) == true)];
        if (whole.Length > 0 && costs is not null)
        {
            yield return ("parameters.png", "Accuracy against trained parameters", Scatter(
                results, whole, m => Math.Log10(costs.Methods[m].Trainable), "trained parameters", powers: true));
            yield return ("time.png", "Accuracy against time of a training step", Scatter(
                results, whole, m => 1000 * costs.Methods[m].TrainSeconds, "milliseconds an image", powers: false));
        }

        foreach ((string method, string key, IReadOnlyList<(string, string)> points) in results.Sweeps())
        {
            if (Sweep(results, points, $"{key} of {method}") is { } png)
                yield return ($"sweep-{method}-{key}.png", $"{method}: {key}", png);
        }
    }

    /// <summary>Bars of every method, by group; lines are deviations over seeds.</summary>
    private static byte[] Groups(StudyResults results, string[] methods)
    {
        var plot = new Plot();
        string?[] groups = [.. results.Groups, .. results.Groups.Count > 1 ? new string?[] { null } : []];
        for (int m = 0; m < methods.Length; m++)
        {
            var bars = new List<Bar>();
            Color color = ColorOf(results, methods[m]);
            for (int g = 0; g < groups.Length; g++)
            {
                if (results.Mean(methods[m], groups[g]) is not { } mean)
                    continue;
                double at = g * (methods.Length + 1.5) + m;
                bars.Add(new Bar { Position = at, Value = 100 * mean.Mean, FillColor = color, LineWidth = 0 });
                if (mean.Deviation is { } deviation)
                    plot.Add.ErrorBar([at], [100 * mean.Mean], [100 * deviation]).Color = Colors.Black.WithAlpha(0.7);
            }

            plot.Add.Bars(bars).LegendText = methods[m];
        }

        double[] ticks = [.. Enumerable.Range(0, groups.Length).Select(
            g => g * (methods.Length + 1.5) + (methods.Length - 1) / 2.0)];
        plot.Axes.Bottom.SetTicks(ticks, [.. groups.Select(g => g ?? "all tasks")]);
        plot.Axes.Bottom.TickLabelStyle.FontSize = 15;
        plot.Axes.AutoScaleX();
        double top = methods.SelectMany(m => groups.Select(g => results.Mean(m, g))).OfType<Measured>()
            .Max(m => 100 * (m.Mean + (m.Deviation ?? 0)));
        plot.Axes.SetLimitsY(0, Math.Min(100, top + 3));
        plot.YLabel("test top-1 (%)", 15);
        plot.ShowLegend(Edge.Right);
        return Png(plot);
    }

    private static byte[] Scatter(
        StudyResults results, string[] methods, Func<string, double> at, string label, bool powers)
    {
        var plot = new Plot();
        foreach (string method in methods)
        {
            Measured mean = results.Mean(method, null)!;
            double x = at(method), y = 100 * mean.Mean;
            Color color = ColorOf(results, method);
            plot.Add.Marker(x, y, MarkerShape.FilledCircle, 11, color).LegendText = method;
            if (mean.Deviation is { } deviation)
                plot.Add.ErrorBar([x], [y], [100 * deviation]).Color = color;
        }

        if (powers)
        {
            plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic
            {
                IntegerTicksOnly = true,
                LabelFormatter = power => Math.Pow(10, power).ToString("N0", CultureInfo.InvariantCulture),
            };
        }

        plot.XLabel(label, 15);
        plot.YLabel("test top-1 (%), mean of all tasks", 15);
        plot.Axes.Margins(0.12, 0.2);
        plot.ShowLegend(Edge.Right);
        return Png(plot);
    }

    /// <summary>A line for every task over the setting's values.</summary>
    private static byte[]? Sweep(
        StudyResults results, IReadOnlyList<(string Value, string Method)> points, string label)
    {
        var plot = new Plot();
        var palette = new ScottPlot.Palettes.Category10();
        int lines = 0;
        bool numbers = points.All(p => double.TryParse(p.Value, CultureInfo.InvariantCulture, out _));
        foreach ((string task, _) in results.Tasks)
        {
            (int At, Measured Accuracy)[] measured = [.. points
                .Select((p, i) => (i, results.Of(p.Method, task)?.Accuracy)).Where(p => p.Item2 is not null)
                .Select(p => (p.i, p.Item2!))];
            // The method's own value alone is no sweep.
            if (measured.Length < 2)
                continue;
            double[] x = [.. measured.Select(p => (double)p.At)], y = [.. measured.Select(p => 100 * p.Accuracy.Mean)];
            Color color = palette.GetColor(lines++);
            var line = plot.Add.Scatter(x, y, color);
            // Words have no order that a line could follow.
            (line.LineWidth, line.MarkerSize, line.LegendText) = (numbers ? 2 : 0, 9, task);
            double[] error = [.. measured.Select(p => 100 * (p.Accuracy.Deviation ?? 0))];
            plot.Add.ErrorBar(x, y, error).Color = color;
        }

        if (lines == 0)
            return null;
        plot.Axes.Bottom.SetTicks(
            [.. Enumerable.Range(0, points.Count).Select(i => (double)i)], [.. points.Select(p => p.Value)]);
        plot.Axes.Bottom.TickLabelStyle.FontSize = 15;
        plot.XLabel(label, 15);
        plot.YLabel("test top-1 (%)", 15);
        plot.Axes.Margins(0.1, 0.2);
        plot.ShowLegend(Edge.Right);
        return Png(plot);
    }

    /// <summary>A method's color, the same in every chart of the study.</summary>
    private static Color ColorOf(StudyResults results, string method) =>
        new ScottPlot.Palettes.Category20().GetColor(results.Methods.TakeWhile(m => m != method).Count());

    private static byte[] Png(Plot plot) => plot.GetImage(Width, Height).GetImageBytes(ImageFormat.Png);
}

using System.Globalization;

namespace VisionMamba.Cli.Output;

/// <summary>How long something takes, for people.</summary>
internal static class Durations
{
    /// <summary>A duration in words.</summary>
    public static string Words(TimeSpan span) => span switch
    {
        { TotalDays: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:F1} days"),
        { TotalHours: >= 1 } => $"{(int)span.TotalHours} h {span.Minutes:D2} min",
        { TotalMinutes: >= 1 } => $"{span.Minutes} min {span.Seconds:D2} s",
        _ => $"{span.Seconds} s",
    };
}

using VisionMamba.Cli.Output;

namespace VisionMamba.Tests.Cli;

public sealed class DurationsTests
{
    [Theory]
    [InlineData(59.9, "59 s")]
    [InlineData(75, "1 min 15 s")]
    [InlineData(75 * 60, "1 h 15 min")]
    [InlineData(30 * 3600, "30 h 00 min")]
    [InlineData(60 * 3600, "2.5 days")]
    public void NothingBeyondAnHourOrADayIsCutOff(double seconds, string words)
    {
        var span = TimeSpan.FromSeconds(seconds);
        Assert.Equal(words, Durations.Words(span));
        Assert.EndsWith($", {words} left", TrainingConsole.Speed(1, 1, span));
    }
}

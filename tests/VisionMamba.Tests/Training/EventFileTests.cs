using VisionMamba.Tests.Data;
using VisionMamba.Tests.Support;
using VisionMamba.Training.TensorBoard;

namespace VisionMamba.Tests.Training;

/// <summary>TensorBoard's files, read by a reader of the tests' own.</summary>
public sealed class EventFileTests
{
    [Fact]
    public void ChecksumIsMaskedCrc32C()
    {
        // RFC 3720's check value of CRC-32C is 0xe3069283 for "123456789"; TensorFlow rotates by 15 and adds a
        // constant.
        const uint known = 0xe3069283;
        Assert.Equal(((known >> 15) | (known << 17)) + 0xa282ead8, RecordFraming.MaskedChecksum("123456789"u8));
        Assert.Equal(known, EventFileReader.Crc32C("123456789"u8));
    }

    [Fact]
    public void ScalarsComeBack()
    {
        using var folder = new TemporaryFolder();
        using (var file = new EventFile(folder.Path, stepsDone: 0))
        {
            file.Scalars(1, ("train/loss", 0.5), ("train/learning_rate", 1e-5));
            file.Scalars(300, ("validation/top1", 0.75));
        }

        List<EventFileReader.Event> events = EventFileReader.Read(Assert.Single(Directory.GetFiles(folder.Path)));
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.All(events, e => Assert.InRange(e.WallTime, 1.6e9, 1e11));
        Assert.Equal((1, "train/loss", 0.5f), events[1].Scalar(0));
        Assert.Equal((1, "train/learning_rate", 1e-5f), events[1].Scalar(1));
        Assert.Equal((300, "validation/top1", 0.75f), events[2].Scalar(0));
        Assert.Equal(3, events.Count);
    }

    [Fact]
    public void AResumedRunBeginsALaterFileThatVoidsLaterSteps()
    {
        using var folder = new TemporaryFolder();
        new EventFile(folder.Path, stepsDone: 0).Dispose();
        string first = Directory.GetFiles(folder.Path).Single();
        new EventFile(folder.Path, stepsDone: 40).Dispose();
        string[] files = [.. Directory.GetFiles(folder.Path).Order(StringComparer.Ordinal)];
        Assert.Equal(2, files.Length);
        Assert.Equal(first, files[0]);
        EventFileReader.Event restart = EventFileReader.Read(files[1])[1];
        Assert.True(restart.SessionStart);
        Assert.Equal(41, restart.Step);
        Assert.DoesNotContain(EventFileReader.Read(first), e => e.SessionStart);
    }

    /// <summary>A run that is killed before its first save has written steps that come again.</summary>
    [Fact]
    public void ARunThatBeginsAgainVoidsAllSteps()
    {
        using var folder = new TemporaryFolder();
        using (var file = new EventFile(folder.Path, stepsDone: 0))
            file.Scalars(1, ("train/loss", 0.5));
        new EventFile(folder.Path, stepsDone: 0).Dispose();
        EventFileReader.Event restart = EventFileReader.Read(
            Directory.GetFiles(folder.Path).Order(StringComparer.Ordinal).Last())[1];
        Assert.True(restart.SessionStart);
        Assert.Equal(1, restart.Step);
    }
}

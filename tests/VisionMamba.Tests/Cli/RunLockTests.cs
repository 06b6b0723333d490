using VisionMamba.Cli.Runs;
using VisionMamba.Tests.Data;

namespace VisionMamba.Tests.Cli;

public sealed class RunLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AFolderIsTakenOnceAndCleanedOfHalfWrittenFiles()
    {
        string run = _folder.At("run");
        _folder.Write("run/.last.safetensors.1.tmp", "half");
        using (RunLock.Take(run))
            Assert.Contains("another svp is working there", Refused(run));
        using RunLock again = RunLock.Take(run);
        Assert.Equal([".lock"], Directory.GetFiles(run).Select(Path.GetFileName));
    }

    [Fact]
    public void AFolderThatCannotBeWrittenIsNoWorkInProgress()
    {
        _folder.Write("file", "");
        string message = Refused(_folder.At("file/run"));
        Assert.Contains("cannot be written", message);
        Assert.DoesNotContain("another svp", message);
    }

    private static string Refused(string folder)
    {
        string message = Assert.Throws<VisionMambaException>(() => RunLock.Take(folder)).Message;
        Assert.StartsWith($"--output {folder}: ", message);
        return message;
    }
}

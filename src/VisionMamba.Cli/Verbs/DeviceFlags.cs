using System.CommandLine;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Cli.Verbs;

/// <summary>--device and --threads.</summary>
internal sealed class DeviceFlags
{
    private readonly Option<string> _device = new("--device")
    {
        Description = "where to compute: cpu",
        DefaultValueFactory = _ => "cpu",
    };

    private readonly Option<int> _threads = new("--threads") { Description = "compute threads, 0 for all processors" };

    public void AddTo(Command command)
    {
        command.Options.Add(_device);
        command.Options.Add(_threads);
    }

    public Backend Open(ParseResult parsed)
    {
        string device = parsed.GetValue(_device)!;
        if (device is not ("cpu" or "auto"))
            throw new UsageException($"--device {device}: not available; this version computes on 'cpu'");
        int threads = parsed.GetValue(_threads);
        if (threads < 0)
            throw new UsageException($"--threads {threads}: must be 0 (all processors) or more");
        return new CpuBackend(threads);
    }
}

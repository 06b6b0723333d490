using System.CommandLine;
using System.Globalization;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Cli.Devices;

/// <summary>--device and --threads.</summary>
internal sealed class DeviceFlags
{
    private const string Cuda = "cuda";

    private readonly Option<string> _device = new("--device")
    {
        Description = "where to compute: cpu, cuda (the first GPU), cuda:1, or auto: a GPU where there is one",
        DefaultValueFactory = _ => "cpu",
    };

    private readonly Option<int> _threads = new("--threads") { Description = "compute threads, 0 for all processors" };

    public void AddTo(Command command)
    {
        command.Options.Add(_device);
        command.Options.Add(_threads);
    }

    /// <summary>Opens the device that was asked for.</summary>
    /// <exception cref="UsageException">There is no such device, or it cannot be used here.</exception>
    public Backend Open(ParseResult parsed)
    {
        int threads = parsed.GetValue(_threads);
        if (threads < 0)
            throw new UsageException($"--threads {threads}: must be 0 (all processors) or more");
        string device = parsed.GetValue(_device)!;
        return device switch
        {
            "cpu" => new CpuBackend(threads),
            "auto" => Auto(threads),
            Cuda => Open(device, 0),
            _ when device.StartsWith(Cuda + ":", StringComparison.Ordinal) => Open(device, Index(device)),
            _ => throw Unknown(device),
        };
    }

    private static Backend Auto(int threads)
    {
        if (GpuDevices.WhyNone() is { } reason)
        {
            Console.Error.WriteLine($"--device auto: cpu ({reason})");
            return new CpuBackend(threads);
        }

        try
        {
            Backend backend = GpuDevices.Open(0);
            Console.Error.WriteLine($"--device auto: {backend.Description}");
            return backend;
        }
        catch (VisionMambaException e)
        {
            Console.Error.WriteLine($"--device auto: cpu ({e.Message})");
            return new CpuBackend(threads);
        }
    }

    private static Backend Open(string device, int index) => GpuDevices.WhyNone() is { } reason
        ? throw new UsageException($"--device {device}: {reason}; compute with --device cpu")
        : GpuDevices.Open(index);

    private static int Index(string device) =>
        int.TryParse(device.AsSpan(Cuda.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            ? index : throw Unknown(device);

    private static UsageException Unknown(string device) =>
        new($"--device {device}: is no device; give cpu, cuda, cuda:N or auto");
}

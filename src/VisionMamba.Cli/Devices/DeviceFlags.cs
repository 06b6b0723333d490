using System.CommandLine;
using System.Globalization;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;

namespace VisionMamba.Cli.Devices;

/// <summary>--device, --precision and --threads.</summary>
/// <param name="answersOnly">
/// Whether the command has no backward pass, so that there are no activations to keep.
/// </param>
internal sealed class DeviceFlags(bool answersOnly = false)
{
    /// <summary>The precision that a run has by default.</summary>
    public const string Full = "fp32";

    private const string Cuda = "cuda", Packed = "bf16";

    private static readonly string[] s_precisions = [Full, "tf32", Packed, "fp16"];

    private readonly Option<string> _device = new("--device")
    {
        Description = "where to compute: cpu, cuda (the first GPU), cuda:1, or auto: a GPU where there is one",
        DefaultValueFactory = _ => "cpu",
    };

    private readonly Option<int> _threads = new("--threads") { Description = "compute threads, 0 for all processors" };

    private readonly Option<string> _precision = new("--precision")
    {
        Description = "fp32, or what a GPU's matrix products round their inputs to: tf32, bf16 or fp16"
            + (answersOnly ? "" : "; with bf16 a step on any device keeps its activations in half the memory"),
        DefaultValueFactory = _ => Full,
    };

    /// <summary>What decides a run's numbers, and so belongs to the run and not to the machine at hand.</summary>
    public Option OfTheRun => _precision;

    public void AddTo(Command command)
    {
        command.Options.Add(_device);
        command.Options.Add(_precision);
        command.Options.Add(_threads);
    }

    /// <summary>fp32, tf32, bf16 or fp16.</summary>
    public string Precision(ParseResult parsed) => parsed.GetValue(_precision)!;

    /// <summary>
    /// Opens the device that was asked for, in the precision that a run was begun with where it goes on with one.
    /// </summary>
    /// <exception cref="UsageException">There is no such device, or it cannot be used here.</exception>
    public Backend Open(ParseResult parsed, string? begunWith = null)
    {
        int threads = parsed.GetValue(_threads);
        if (threads < 0)
            throw new UsageException($"--threads {threads}: must be 0 (all processors) or more");
        string device = parsed.GetValue(_device)!, precision = begunWith ?? parsed.GetValue(_precision)!;
        if (!s_precisions.Contains(precision))
            throw new UsageException($"--precision {precision}: is none; give {string.Join(", ", s_precisions)}");
        return device switch
        {
            "cpu" => OnCpu(threads, precision),
            "auto" => Auto(threads, precision),
            Cuda => Open(device, 0, precision),
            _ when device.StartsWith(Cuda + ":", StringComparison.Ordinal) => Open(device, Index(device), precision),
            _ => throw Unknown(device),
        };
    }

    private CpuBackend OnCpu(int threads, string precision)
    {
        if (answersOnly && precision == Packed)
        {
            Console.Error.WriteLine(
                $"--precision {precision}: changes nothing here: the cpu computes in fp32, "
                + "and an answer keeps no activations");
        }

        return precision switch
        {
            Full => new CpuBackend(threads),
            Packed => new CpuBackend(threads) { PacksActivations = true },
            _ => throw new UsageException(
                $"--precision {precision}: the cpu computes in fp32; give --device cuda too"
                + (answersOnly ? "" : ", or --precision bf16, which keeps activations in half the memory")),
        };
    }

    private Backend Auto(int threads, string precision)
    {
        if (GpuDevices.WhyNone() is { } reason)
        {
            Console.Error.WriteLine($"--device auto: cpu ({reason})");
            return OnCpu(threads, precision);
        }

        try
        {
            Backend backend = GpuDevices.Open(0, precision);
            Console.Error.WriteLine($"--device auto: {backend.Description}");
            return backend;
        }
        catch (VisionMambaException e)
        {
            Console.Error.WriteLine($"--device auto: cpu ({e.Message})");
            return OnCpu(threads, precision);
        }
    }

    private static Backend Open(string device, int index, string precision) => GpuDevices.WhyNone() is { } reason
        ? throw new UsageException($"--device {device}: {reason}; compute with --device cpu")
        : GpuDevices.Open(index, precision);

    private static int Index(string device) =>
        int.TryParse(device.AsSpan(Cuda.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            ? index : throw Unknown(device);

    private static UsageException Unknown(string device) =>
        new($"--device {device}: is no device; give cpu, cuda, cuda:N or auto");
}

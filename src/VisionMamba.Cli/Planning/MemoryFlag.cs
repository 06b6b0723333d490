using System.CommandLine;
using System.Globalization;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Training;

namespace VisionMamba.Cli.Planning;

/// <summary>--memory-limit: how many images are computed at a time, and how many decoded ones are kept.</summary>
internal sealed class MemoryFlag
{
    private const string Name = "--memory-limit";

    // The rest is for the kernels' scratch and for what the estimate does not know.
    public const double DeviceShare = 0.85;

    private static readonly (string Suffix, double Bytes)[] s_units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("K", 1e3), ("M", 1e6), ("G", 1e9), ("B", 1),
    ];

    public Option<string?> Limit { get; } = new(Name)
    {
        Description = "stay below so much memory (2GB, 1500MB, 4GiB): fewer images are computed at a time",
        HelpName = "SIZE",
    };

    /// <summary>2GB, 1.5GiB, 800M or a number of bytes.</summary>
    /// <exception cref="UsageException">It is none of these.</exception>
    public static long Parse(string text)
    {
        (string suffix, double bytes) = s_units.FirstOrDefault(
            unit => text.EndsWith(unit.Suffix, StringComparison.OrdinalIgnoreCase), (Suffix: "", Bytes: 1.0));
        if (!double.TryParse(
            text[..^suffix.Length].TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out double number) || number * bytes is not (>= 1 and < 1e18))
            throw new UsageException($"{Name} {text}: is no size; give a number and KB, MB, GB, KiB, MiB or GiB");
        return (long)(number * bytes);
    }

    /// <summary><paramref name="options"/> with the pieces of a batch and the cache that fit the limit.</summary>
    /// <exception cref="VisionMambaException">Not even one image at a time fits.</exception>
    public TrainingOptions Fit(
        ParseResult parsed, TrainingOptions options, VisionMambaModel model, int trainImages, Backend backend)
    {
        if (parsed.GetValue(Limit) is not { } text)
            return FitDevice(options, model, trainImages, backend);
        if (options.MicroBatch > 0)
            throw new UsageException($"{Name}: chooses the images computed at a time itself; leave out --micro-batch");
        long limit = Parse(text);
        int batch = Math.Min(options.Batch, trainImages), usual = BatchPieces.Images(options, model.Config, backend);
        MemoryEstimate memory = MemoryEstimate.Of(
            model, ParameterCounts.Of(model.Parameters), options, batch, StepMemory.Train(model, backend));
        int images = memory.Fitting(limit, Math.Min(usual, batch));
        if (images == 0)
            throw TooSmall(text, memory.Total(1));
        if (images < Math.Min(usual, batch))
        {
            Console.Error.WriteLine(
                $"{Name} {text}: computing {images} of {batch} images at a time instead of {Math.Min(usual, batch)}; "
                + "gradients are added in another order, so the last bits differ from a run without the limit");
        }

        return options with
        {
            MicroBatch = images < Math.Min(usual, batch) ? images : 0,
            CacheBytes = Math.Min(CachedImageSource.DefaultBudget, (limit - memory.Total(images)) / 2),
        };
    }

    /// <summary>A device with memory of its own is asked how much is free.</summary>
    private static TrainingOptions FitDevice(
        TrainingOptions options, VisionMambaModel model, int trainImages, Backend backend)
    {
        if (backend.OnHost || options.MicroBatch > 0)
            return options;
        int batch = Math.Min(options.Batch, trainImages);
        MemoryEstimate memory = MemoryEstimate.Of(
            model, ParameterCounts.Of(model.Parameters), options, batch, StepMemory.Train(model, backend));
        long free = backend.FreeBytes;
        int images = memory.Fitting((long)(DeviceShare * free), batch);
        if (images == 0)
        {
            throw new VisionMambaException(
                $"{backend.Description}: one image at a time takes about {memory.Total(1) / 1e6:F0} MB and "
                + $"{free / 1e6:F0} MB are free; give a smaller --image-size, or compute with --device cpu");
        }

        if (images == batch)
            return options;
        Console.Error.WriteLine(
            $"{backend.Description}: computing {images} of {batch} images at a time: {free / 1e9:F1} GB are free");
        return options with { MicroBatch = images };
    }

    /// <summary>How many images to answer at a time: <paramref name="batch"/>, or fewer that fit the limit.</summary>
    /// <exception cref="VisionMambaException">Not even one image at a time fits.</exception>
    public int Images(ParseResult parsed, int batch, VisionMambaModel model, Backend backend)
    {
        if (parsed.GetValue(Limit) is not { } text)
            return batch;
        long limit = Parse(text), weights = model.Parameters.All.Sum(p => p.Count) * sizeof(float);
        long input = 4L * model.Config.Channels * model.Config.ImageSize * model.Config.ImageSize * sizeof(float);
        long perImage = StepMemory.Answer(model, backend) + input, rest = weights + MemoryEstimate.Runtime;
        // The last batch is smaller and has blocks of its own.
        long images = Math.Min(batch, (limit - rest) / (2 * perImage));
        return images >= 1 ? (int)images : throw TooSmall(text, rest + (2 * perImage));
    }

    private static VisionMambaException TooSmall(string text, long least) => new(
        $"{Name} {text}: one image at a time takes about {least / 1e6:F0} MB; give more, a smaller --image-size or a "
        + "smaller --batch");
}

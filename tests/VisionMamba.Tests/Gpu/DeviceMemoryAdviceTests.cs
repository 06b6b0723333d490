using ILGPU;
using ILGPU.Runtime;
using VisionMamba.Cli.Planning;
using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Tests.Models;
using VisionMamba.Training;
using VisionMamba.Training.Losses;

namespace VisionMamba.Tests.Gpu;

/// <summary>A step that does not fit into the device's memory says how many images do.</summary>
public sealed class DeviceMemoryAdviceTests
{
    [Fact]
    public void TheSuggestedImagesFitAndMoreWereTooMany()
    {
        VisionMambaModel model = SmallModels.Create("svp");
        using var device = new LimitedDevice();
        Step(model, device, images: 2);
        device.Limit = 2 * device.Taken;
        var options = new TrainingOptions { Batch = 9, MicroBatch = 9 };
        var error = Assert.Throws<DeviceMemoryException>(() => Step(model, device, options.Batch));
        string message = DeviceMemoryAdvice.Of(error, model, options, trainImages: 100, device).Message;
        Assert.DoesNotContain('\n', message);
        Assert.Contains("out of memory", message);
        int fitting = int.Parse(message[(message.LastIndexOf(' ') + 1)..]);
        Assert.EndsWith($"not 9 but {fitting} images at a time should fit: give --micro-batch {fitting}", message);
        Assert.InRange(fitting, 1, 8);
        Step(model, device, fitting);
    }

    private static void Step(VisionMambaModel model, Backend device, int images)
    {
        using var session = new ModelSession(model, device);
        int size = model.Config.ImageSize;
        session.Gradients(
            new Tensor(images, 3, size, size), SoftTargets.Of(new int[images], model.Config.Classes, 0),
            new ForwardContext(true, new Rng(1, 2), 0));
        model.Parameters.ClearGradients();
    }

    /// <summary>
    /// Counts what is taken; nothing that was given back counts, because all of it can be taken again.
    /// </summary>
    private sealed class LimitedDevice : EmulatedBackend
    {
        private readonly List<WeakReference<MemoryBuffer>> _taken = [];

        public long Limit { get; set; } = long.MaxValue;

        public long Taken =>
            _taken.Sum(r => r.TryGetTarget(out MemoryBuffer? b) && !b.IsDisposed ? b.LengthInBytes : 0);

        public override long FreeBytes => Limit - Taken;

        protected override MemoryBuffer1D<T, Stride1D.Dense> AllocateOnDevice<T>(long count)
        {
            if (Taken + (count * Interop.SizeOf<T>()) > Limit)
                throw new OutOfMemoryException();
            MemoryBuffer1D<T, Stride1D.Dense> buffer = base.AllocateOnDevice<T>(count);
            _taken.Add(new WeakReference<MemoryBuffer>(buffer));
            return buffer;
        }
    }
}

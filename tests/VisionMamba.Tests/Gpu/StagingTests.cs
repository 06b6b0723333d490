using ILGPU;
using ILGPU.Runtime;
using VisionMamba.Gpu;
using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Tests.Models;
using VisionMamba.Tests.Ops;
using VisionMamba.Training.Losses;

namespace VisionMamba.Tests.Gpu;

/// <summary>Numbers that go to the device ahead of the step that reads them, and small ones within it.</summary>
public sealed class StagingTests
{
    [Fact]
    public void AStagedTensorIsComputedWithAndMayBeOverwrittenOnTheHost()
    {
        using var device = new EmulatedBackend();
        using var pool = new BufferPool(device);
        float[] values = [1, 2, 3, 4, 5, 6];
        using StagedInput first = device.Stage(values, 2, 3);
        Array.Fill(values, -1);
        using StagedInput second = device.Stage(values, 2, 3);
        var tape = new Tape(device, pool, recording: false);
        using (tape.Enter("staged"))
        {
            Assert.Same(first.Tensor, tape.Input(first.Tensor));
            Tensor weight = Tensor.From([1f, 1, 1], 1, 3);
            Assert.Equal([6, 15], tape.Linear(first.Tensor, weight, null).Span.ToArray());
            Assert.Equal([-3, -3], tape.Linear(second.Tensor, weight, null).Span.ToArray());
        }
    }

    /// <summary>The memory serves again once it was given back, also after somebody looked at it on the host.</summary>
    [Fact]
    public void MemoryThatWasGivenBackServesAgain()
    {
        using var device = new EmulatedBackend();
        Storage[] used = [.. Enumerable.Range(0, 4).Select(i =>
        {
            using StagedInput staged = device.Stage([i, i + 1f], 2);
            Assert.Equal([i, i + 1f], staged.Tensor.Span.ToArray());
            return staged.Tensor.Storage;
        })];
        Assert.All(used, storage => Assert.Same(used[0], storage));
    }

    /// <summary>A step whose images were staged waits for the device only to read what it computed.</summary>
    [Fact]
    public void AStepCopiesWithoutWaiting()
    {
        using var device = new EmulatedBackend();
        VisionMambaModel model = SmallModels.Create("svp");
        int size = model.Config.ImageSize;
        using var session = new ModelSession(model, device);
        Tensor targets = SoftTargets.Of([0, 1], model.Config.Classes, 0);
        for (int step = 0; step < 2; step++)
        {
            using StagedInput images = device.Stage(
                Values.Normal("staged", 1, 0, 2, 3, size, size).Floats, 2, 3, size, size);
            session.Gradients(images.Tensor, targets, new ForwardContext(true, new Rng(1, 2), 0.1f));
            model.Parameters.ClearGradients();
            Assert.Equal(0, device.Uploads.Waits);
        }
    }

    /// <summary>More small copies than the ring holds: the device is waited for, and every copy arrives.</summary>
    [Fact]
    public void CopiesBeyondTheRingArrive()
    {
        using var device = new EmulatedBackend();
        const int Count = UploadRing.Numbers / 5;
        Tensor[] tensors = [.. Enumerable.Range(1, 12).Select(i =>
        {
            var x = new Tensor(Count);
            x.Fill(i);
            device.Scale(x, 2);
            return x;
        })];
        Assert.InRange(device.Uploads.Waits, 1, 3);
        for (int i = 0; i < tensors.Length; i++)
            Assert.All((float[])[tensors[i].Span[0], tensors[i].Span[Count - 1]], v => Assert.Equal(2 * (i + 1), v));
    }

    [Fact]
    public void OutOfMemoryNamesTheNeedAndWhatIsFree()
    {
        using var device = new SmallDevice(most: 1000);
        var error = Assert.Throws<DeviceMemoryException>(() => device.Allocate(3_000_000));
        Assert.Contains("12 MB more are needed", error.Message);
        Assert.Contains("7 MB are free", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    private sealed class SmallDevice(long most) : EmulatedBackend
    {
        public override long FreeBytes => 7_000_000;

        protected override MemoryBuffer1D<T, Stride1D.Dense> AllocateOnDevice<T>(long count) => count <= most
            ? base.AllocateOnDevice<T>(count) : throw new OutOfMemoryException();
    }
}

using VisionMamba.Models;
using VisionMamba.Tensors;
using VisionMamba.Training;

namespace VisionMamba.Cli.Planning;

/// <summary>What to do when a training step did not fit into a device's memory.</summary>
internal static class DeviceMemoryAdvice
{
    /// <summary>
    /// The error with the images at a time that do fit: the memory of one is measured, once the failed step's has been
    /// given back.
    /// </summary>
    public static VisionMambaException Of(
        DeviceMemoryException error, VisionMambaModel model, TrainingOptions options, int trainImages, Backend backend)
    {
        int batch = Math.Min(options.Batch, trainImages);
        int failed = Math.Min(BatchPieces.Images(options, model.Config, backend), batch), fitting = failed - 1;
        try
        {
            MemoryEstimate memory = MemoryEstimate.Of(
                model, ParameterCounts.Of(model.Parameters), options, batch, StepMemory.Train(model, backend));
            double limit = MemoryFlag.DeviceShare * backend.FreeBytes;
            while (fitting > 0 && memory.Activations(fitting) > limit)
                fitting--;
        }
        catch (DeviceMemoryException)
        {
            fitting = 0;
        }

        string advice = fitting > 0
            ? $"not {failed} but {fitting} images at a time should fit: give --micro-batch {fitting}"
            : "not even one image at a time fits: give a smaller --image-size, or compute with --device cpu";
        return new VisionMambaException($"{error.Shortage}; {advice}", error);
    }
}

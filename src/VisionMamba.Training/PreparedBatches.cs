using System.Runtime.ExceptionServices;
using VisionMamba.Data;
using VisionMamba.Tensors;

namespace VisionMamba.Training;

/// <summary>A mixed batch, its targets and, where they are on their way to a device, the pieces it is computed in.
/// </summary>
internal sealed record PreparedBatch(ImageBatch Images, float[] Targets, StagedInput[] Staged) : IDisposable
{
    /// <summary>Images in the batch.</summary>
    public int Count { get; } = Images.Count;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (StagedInput piece in Staged)
            piece.Dispose();
    }
}

/// <summary>The batches of an epoch; the next one is prepared while a device computes on the last.</summary>
internal sealed class PreparedBatches(IEnumerable<ImageBatch> batches, TrainStep step) : IDisposable
{
    private readonly IEnumerator<ImageBatch> _batches = batches.GetEnumerator();
    private PreparedBatch? _ahead;
    private ExceptionDispatchInfo? _failure;
    private bool _prepared;

    /// <summary>
    /// Prepares the batch of step <paramref name="at"/> once. What fails is thrown by <see cref="Next"/>, so that the
    /// step before it still ends.
    /// </summary>
    public void Prepare(long at)
    {
        if (_prepared)
            return;
        _prepared = true;
        try
        {
            _ahead = _batches.MoveNext() ? step.Prepare(_batches.Current, at) : null;
        }
        catch (Exception e)
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }
    }

    /// <summary>The batch of step <paramref name="at"/>; null after the last.</summary>
    public PreparedBatch? Next(long at)
    {
        Prepare(at);
        _failure?.Throw();
        (PreparedBatch? next, _ahead, _prepared) = (_ahead, null, false);
        return next;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ahead?.Dispose();
        _batches.Dispose();
    }
}

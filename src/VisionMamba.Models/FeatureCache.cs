using System.Runtime.InteropServices;
using System.Security.Cryptography;
using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>
/// What a frozen backbone makes of images, kept by the images' content: where only the head trains, an image that comes
/// again costs a hash (30 us for 64 px) in place of a forward pass. The features of an image do not depend on the
/// others of its batch, so results are the same to the bit. On a GPU they may depend on the batch's size, and every
/// size keeps memory of its own: there <paramref name="wholeBatches"/> computes a batch whole if it lacks an image.
/// </summary>
internal sealed class FeatureCache(VisionMambaModel model, Func<Tensor, Tensor> compute, bool wholeBatches)
{
    private const long MostBytes = 64L << 20;
    private readonly Dictionary<UInt128, float[]> _known = [];
    private readonly long _most = MostBytes / ((model.Config.Dim * sizeof(float)) + 64);

    /// <summary>Whether all that trains is the head.</summary>
    public static bool Serves(VisionMambaModel model) =>
        model.Parameters.Trainable.All(p => p.Name!.StartsWith("head.", StringComparison.Ordinal));

    /// <summary>
    /// The features, (batch, 1, dim), of images in the host's memory; those not known yet are computed together.
    /// </summary>
    public Tensor Of(Tensor images)
    {
        int count = images.Shape[0], size = (int)(images.Count / count), dim = model.Config.Dim;
        UInt128[] keys = [.. Enumerable.Range(0, count).Select(i => Key(images.Span.Slice(i * size, size)))];
        var found = new float[count * dim];
        int[] missing = [.. Enumerable.Range(0, count).Where(i => !_known.ContainsKey(keys[i]))];
        if (missing.Length > 0)
        {
            bool all = wholeBatches || missing.Length == count;
            Tensor made = compute(all ? images : Picked(images, missing));
            for (int i = 0; i < missing.Length; i++)
            {
                ReadOnlySpan<float> feature = made.Span.Slice((all ? missing[i] : i) * dim, dim);
                feature.CopyTo(found.AsSpan(missing[i] * dim));
                if (_known.Count < _most)
                    _known.TryAdd(keys[missing[i]], feature.ToArray());
            }
        }

        foreach (int i in Enumerable.Range(0, count).Except(missing))
            _known[keys[i]].CopyTo(found, i * dim);
        return Tensor.From(found, count, 1, dim);
    }

    private static Tensor Picked(Tensor images, int[] which)
    {
        var picked = new Tensor(which.Length, images.Shape[1], images.Shape[2], images.Shape[3]);
        int size = (int)(picked.Count / which.Length);
        for (int i = 0; i < which.Length; i++)
            images.Span.Slice(which[i] * size, size).CopyTo(picked.Span[(i * size)..]);
        return picked;
    }

    // Half of SHA-256: no two images that anyone will ever have share it.
    private static UInt128 Key(ReadOnlySpan<float> image)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(MemoryMarshal.AsBytes(image), hash);
        return MemoryMarshal.Read<UInt128>(hash);
    }
}

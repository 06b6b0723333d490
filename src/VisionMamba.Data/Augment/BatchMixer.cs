using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json.Serialization;
using VisionMamba.Tensors;

namespace VisionMamba.Data.Augment;

/// <summary>What mixup and cutmix draw their numbers for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MixMode>))]
public enum MixMode
{
    /// <summary>Once a batch.</summary>
    Batch,

    /// <summary>Once a pair.</summary>
    Pair,

    /// <summary>Once a picture.</summary>
    Elem,
}

/// <summary>
/// Mixup (Zhang et al., 2018) and cutmix (Yun et al., 2019) of a batch with itself in reverse order, and the soft
/// targets with label smoothing inside, as timm 0.4.12. In an odd batch the picture in the middle, its own partner,
/// stays as it is. Not for several threads at once.
/// </summary>
public sealed class BatchMixer
{
    /// <summary>What a run mixes with comes from this stream of its seed, derived by the step.</summary>
    public const ulong Stream = 0x317E;

    private readonly AugmentOptions _options;
    private readonly int _classes;
    private readonly double _smoothing;
    private float[] _scratch = [];

    /// <summary>Of <paramref name="classes"/> classes, all of which share <paramref name="smoothing"/>.</summary>
    public BatchMixer(AugmentOptions options, int classes, double smoothing)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _classes, _smoothing) = (options, classes, smoothing);
    }

    /// <summary>
    /// Mixes the pictures in place and gives their targets, (count, classes); without mixup and cutmix the smoothed
    /// targets alone. All draws come from <paramref name="rng"/>.
    /// </summary>
    public float[] Mix(ImageBatch batch, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(batch);
        MixPlan[] plans = Plans(batch.Count, batch.Size, rng);
        Mix(batch.Pixels.AsSpan(0, batch.Count * 3 * batch.Size * batch.Size), batch.Size, plans);
        return Targets(batch.Labels, plans, _classes, _smoothing);
    }

    /// <summary>One plan a picture.</summary>
    internal MixPlan[] Plans(int count, int size, Rng rng)
    {
        var plans = new MixPlan[count];
        Array.Fill(plans, MixPlan.None);
        if (!_options.Mixes)
            return plans;
        bool single = _options.MixMode != MixMode.Batch;
        for (int i = 0; i < count; i++)
        {
            int partner = count - 1 - i;
            if (i == partner)
                continue;
            plans[i] = _options.MixMode switch
            {
                MixMode.Batch when i > 0 => plans[0],
                MixMode.Pair when i > partner => plans[partner],
                _ => MixDraw.Plan(_options, size, new RandomDraws(rng.Derive((ulong)i)), single),
            };
        }

        return plans;
    }

    /// <summary>Mixes (count, 3, size, size) numbers in place, picture i with picture count - 1 - i.</summary>
    internal void Mix(Span<float> pixels, int size, ReadOnlySpan<MixPlan> plans)
    {
        int numbers = 3 * size * size;
        if (_scratch.Length < numbers)
            _scratch = new float[numbers];
        Span<float> kept = _scratch.AsSpan(0, numbers);
        for (int i = 0, j = plans.Length - 1; i < j; i++, j--)
        {
            Span<float> first = pixels.Slice(i * numbers, numbers), second = pixels.Slice(j * numbers, numbers);
            if (plans[j].Lambda != 1)
                first.CopyTo(kept);
            Mix(first, second, size, plans[i]);
            Mix(second, kept, size, plans[j]);
        }
    }

    /// <summary>
    /// y = lambda y_i + (1 - lambda) y_partner, where y_k is 1 - s + s / classes at the label, s / classes elsewhere;
    /// (count, classes).
    /// </summary>
    internal static float[] Targets(
        ReadOnlySpan<int> labels, ReadOnlySpan<MixPlan> plans, int classes, double smoothing)
    {
        float[] targets = new float[labels.Length * classes];
        float off = (float)(smoothing / classes), on = (float)(1 - smoothing + smoothing / classes);
        for (int i = 0; i < labels.Length; i++)
        {
            Span<float> row = targets.AsSpan(i * classes, classes);
            int own = labels[i], other = labels[labels.Length - 1 - i];
            if (plans[i].Lambda == 1)
            {
                row.Fill(off);
                row[own] = on;
                continue;
            }

            float share = (float)plans[i].Lambda, rest = (float)(1 - plans[i].Lambda);
            row.Fill(off * share + off * rest);
            row[own] = on * share + (own == other ? on : off) * rest;
            row[other] = (own == other ? on : off) * share + on * rest;
        }

        return targets;
    }

    private static void Mix(Span<float> picture, ReadOnlySpan<float> partner, int size, MixPlan plan)
    {
        if (plan.Lambda == 1)
            return;
        if (plan.Box is not { } box)
        {
            Blend(picture, partner, (float)plan.Lambda, (float)(1 - plan.Lambda));
            return;
        }

        for (int c = 0; c < 3; c++)
        {
            for (int y = box.Top; y < box.Top + box.Height; y++)
            {
                int at = (c * size + y) * size + box.Left;
                partner.Slice(at, box.Width).CopyTo(picture[at..]);
            }
        }
    }

    // Two roundings of products and one of the sum, as PyTorch's mul_ and add_: no fused multiply-add.
    private static void Blend(Span<float> picture, ReadOnlySpan<float> partner, float share, float rest)
    {
        int i = 0;
        ref float a = ref MemoryMarshal.GetReference(picture), b = ref MemoryMarshal.GetReference(partner);
        for (; i + Vector512<float>.Count <= picture.Length; i += Vector512<float>.Count)
        {
            Vector512<float> own = Vector512.LoadUnsafe(ref a, (nuint)i) * share;
            (own + Vector512.LoadUnsafe(ref b, (nuint)i) * rest).StoreUnsafe(ref a, (nuint)i);
        }

        for (; i < picture.Length; i++)
            picture[i] = picture[i] * share + partner[i] * rest;
    }
}

using VisionMamba.Data.Images;

namespace VisionMamba.Data.Augment;

/// <summary>How one picture is mixed with its partner.</summary>
/// <param name="Lambda">The picture's own share of the target; 1 leaves it alone.</param>
/// <param name="Box">The rectangle that comes from the partner (cutmix), or null for a blend (mixup).</param>
internal readonly record struct MixPlan(double Lambda, PixelBox? Box)
{
    public static readonly MixPlan None = new(1, null);

    /// <summary>Cutmix of <paramref name="box"/> in a square: the picture's share is the area that is left.</summary>
    public static MixPlan Cut(PixelBox box, int size) =>
        new(1 - (box.Width * box.Height) / (double)(size * size), box);

    /// <summary>The share in fp32, as timm keeps the shares of pairs and elements.</summary>
    public MixPlan Single() => this with { Lambda = (float)Lambda };
}

/// <summary>Draws plans from mixup's and cutmix' distributions; timm 0.4.12.</summary>
internal static class MixDraw
{
    public static MixPlan Plan(AugmentOptions options, int size, RandomDraws draws, bool single)
    {
        if (!draws.Chance(options.MixProbability))
            return MixPlan.None;
        // A range counts as alpha 1 there.
        double cutmix = options.CutmixRange is null ? options.Cutmix : 1;
        bool cut = cutmix > 0 && (options.Mixup <= 0 || draws.Chance(options.MixSwitchProbability));
        double lambda = draws.Beta(cut ? cutmix : options.Mixup);
        if (single)
            lambda = (float)lambda;
        if (!cut || lambda == 1)
            return new MixPlan(lambda, null);
        PixelBox box = options.CutmixRange is { } range
            ? InRange(range, size, draws)
            : Around(lambda, size, draws.Below(size), draws.Below(size));
        MixPlan plan = MixPlan.Cut(box, size);
        return single ? plan.Single() : plan;
    }

    /// <summary>The square of area (1 - lambda) about a point, cut at the borders.</summary>
    public static PixelBox Around(double lambda, int size, int centerY, int centerX)
    {
        int half = (int)(size * Math.Sqrt(1 - lambda)) / 2;
        int top = Math.Max(centerY - half, 0), left = Math.Max(centerX - half, 0);
        return new PixelBox(left, top, Math.Min(centerX + half, size) - left, Math.Min(centerY + half, size) - top);
    }

    private static PixelBox InRange(CutmixRange range, int size, RandomDraws draws)
    {
        int low = (int)(size * range.Minimum), high = Math.Max((int)(size * range.Maximum), low + 1);
        int height = low + draws.Below(high - low), width = low + draws.Below(high - low);
        int top = draws.Below(size - height), left = draws.Below(size - width);
        return new PixelBox(left, top, width, height);
    }
}

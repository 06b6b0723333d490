using VisionMamba.Tensors;

namespace VisionMamba.Data.Datasets;

/// <summary>Successive draws from a counter-based generator, for code whose number of draws is not fixed.</summary>
internal sealed class RandomDraws(Rng rng)
{
    private ulong _index;

    public float Range(float low, float high) => low + (high - low) * rng.Uniform(_index++);

    public int Below(int limit) => rng.Below(_index++, limit);

    public bool Chance(float probability) => rng.Uniform(_index++) < probability;
}

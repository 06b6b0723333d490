using VisionMamba.Tensors;

namespace VisionMamba.Data.Procedural;

/// <summary>Reads a counter-based generator one value after the other.</summary>
internal struct Draws(Rng rng)
{
    private ulong _next;

    public float Between(float low, float high) => low + (high - low) * rng.Uniform(_next++);

    public int Integer(int low, int high) => low + rng.Below(_next++, high - low + 1);

    public bool Chance(float probability) => rng.Uniform(_next++) < probability;

    public float Sign() => Chance(0.5f) ? 1 : -1;
}

namespace VisionMamba.Data.Datasets;

/// <summary>A colour in 0 .. 1 per channel.</summary>
internal readonly record struct ProceduralColour(float Red, float Green, float Blue)
{
    private float Luminance => 0.3f * Red + 0.59f * Green + 0.11f * Blue;

    public static ProceduralColour Any(RandomDraws draws)
    {
        float hue = draws.Range(0, 6), saturation = draws.Range(0.05f, 0.85f), value = draws.Range(0.2f, 1);
        return new(Channel(hue, 5), Channel(hue, 3), Channel(hue, 1));

        float Channel(float h, float n)
        {
            float k = (n + h) % 6;
            return value - value * saturation * Math.Clamp(Math.Min(k, 4 - k), 0, 1);
        }
    }

    /// <summary>Two colours that can be told apart. Their distribution does not change when they are swapped.</summary>
    public static (ProceduralColour, ProceduralColour) Pair(RandomDraws draws)
    {
        while (true)
        {
            ProceduralColour a = Any(draws), b = Any(draws);
            float distance = Math.Abs(a.Red - b.Red) + Math.Abs(a.Green - b.Green) + Math.Abs(a.Blue - b.Blue);
            if (distance > 0.7f && Math.Abs(a.Luminance - b.Luminance) > 0.2f)
                return (a, b);
        }
    }

    public static ProceduralColour Mix(ProceduralColour a, ProceduralColour b, float part) => new(
        a.Red + (b.Red - a.Red) * part, a.Green + (b.Green - a.Green) * part, a.Blue + (b.Blue - a.Blue) * part);

    public static ProceduralColour Load(float[] pixels, int at) => new(pixels[at], pixels[at + 1], pixels[at + 2]);

    public void Store(float[] pixels, int at) => (pixels[at], pixels[at + 1], pixels[at + 2]) = (Red, Green, Blue);

    public ProceduralColour Plus(float amount) => new(Red + amount, Green + amount, Blue + amount);

    public ProceduralColour Near(RandomDraws draws, float reach) =>
        Mix(this, Any(draws), draws.Range(0, reach));

    /// <summary>Clearly darker, or lighter when it is dark itself.</summary>
    public ProceduralColour Tone(RandomDraws draws) => Luminance > 0.45f
        ? Mix(this, new(0.05f, 0.05f, 0.08f), draws.Range(0.4f, 0.7f))
        : Mix(this, new(1, 1, 0.96f), draws.Range(0.45f, 0.75f));
}

/// <summary>Smooth noise in 0 .. 1 over a repeating random lattice.</summary>
internal sealed class ProceduralNoise
{
    private const int Side = 16;
    private readonly float[] _lattice = new float[Side * Side];

    public ProceduralNoise(RandomDraws draws)
    {
        for (int i = 0; i < _lattice.Length; i++)
            _lattice[i] = draws.Range(0, 1);
    }

    public float At(float x, float y)
    {
        int left = (int)x, top = (int)y;
        float u = x - left, v = y - top;
        u = u * u * (3 - 2 * u);
        v = v * v * (3 - 2 * v);
        float upper = Node(left, top) * (1 - u) + Node(left + 1, top) * u;
        float lower = Node(left, top + 1) * (1 - u) + Node(left + 1, top + 1) * u;
        return upper * (1 - v) + lower * v;
    }

    private float Node(int x, int y) => _lattice[(y % Side * Side) + (x % Side)];
}

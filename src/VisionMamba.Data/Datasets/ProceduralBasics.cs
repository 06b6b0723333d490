using static VisionMamba.Data.Datasets.ProceduralPaths;

namespace VisionMamba.Data.Datasets;

/// <summary>The classes for pre-training: plain figures that stand in the picture, and patterns that fill it.</summary>
internal static class ProceduralBasics
{
    private const int Reach = 150; // patterns must cover the picture at any tilt

    public static IReadOnlyDictionary<string, ProceduralClass> All { get; } = new Dictionary<string, ProceduralClass>
    {
        ["circle"] = new(d => new(Ellipse(0, 0, 82, d.Range(70, 82))), 180, Solid: true),
        ["triangle"] = new(d => new(Text($"M{d.Range(-30, 30)} -80L85 65L-85 65Z")), 180),
        ["square"] = new(d => Square(d.Range(64, 78)), 180),
        ["star"] = new(d => Star(d.Range(34, 44)), 40),
        ["cross"] = new(d => Cross(d.Range(20, 34)), 40),
        ["ring"] = new(d => new(Circle(0, 0, 84) + Circle(0, 0, d.Range(42, 58))), 180),
        ["crescent"] = new(d => Crescent(d.Range(58, 68)), 60),
        ["heart"] = new(d => Heart(d.Range(-50, -36)), 35),
        ["arrow"] = new(d => Arrow(d.Range(14, 24), d.Range(-5, 20)), 180),
        ["gear"] = new(d => Gear(8 + d.Below(3), d.Range(22, 32)), 180),
        ["flower"] = new(d => Flower(5 + d.Below(3)), 180),
        ["cloud"] = new(Cloud, 20),
        ["hourglass"] = new(d => Hourglass(d.Range(6, 12)), 40),
        ["tree"] = new(Tree, 20),
        ["stripes"] = new(d => Stripes(d.Range(30, 52)), 180, true),
        ["checker"] = new(d => Checker(d.Range(26, 44)), 180, true),
        ["dots"] = new(d => Dots(d.Range(34, 52), d.Range(0.24f, 0.36f)), 180, true),
        ["spiral"] = new(d => Spiral(d.Range(26, 36)), 180, true),
        ["grid"] = new(d => Grid(d.Range(36, 56), d.Range(7, 13)), 180, true),
        ["waves"] = new(d => Waves(d.Range(34, 50), d.Range(16, 26)), 180, true),
    };

    private static ProceduralParts Square(float h) => new(Box(-h, -h, 2 * h, 2 * h));

    private static ProceduralParts Star(float inner) => new(Around(10, k => k % 2 == 0 ? 92 : inner));

    private static ProceduralParts Cross(float w) => new(
        Text($"M{-w} -85H{w}V{-w}H85V{w}H{w}V85H{-w}V{w}H-85V{-w}H{-w}Z"));

    private static ProceduralParts Crescent(float inner) => new(
        Text($"M35 -80A86 86 0 1 0 35 80A{inner + 18} {inner + 18} 0 0 1 35 -80Z"));

    private static ProceduralParts Heart(float dip) => new(
        Text($"M0 82C-135 -10 -70 -115 0 {dip}C70 -115 135 -10 0 82Z"));

    private static ProceduralParts Arrow(float w, float neck) => new(
        Text($"M-88 {-w}H{neck}V-56L92 0L{neck} 56V{w}H-88Z"));

    private static ProceduralParts Gear(int teeth, float hole) => new(
        Around(teeth * 4, k => k % 4 < 2 ? 90 : 66) + Circle(0, 0, hole));

    private static ProceduralParts Flower(int petals)
    {
        string outline = "";
        for (int k = 0; k < petals; k++)
            outline += (k == 0 ? "M" : "L") + Polar(34, (k - 0.5f) / petals)
                + "C" + Polar(115, (k - 0.42f) / petals) + " " + Polar(115, (k + 0.42f) / petals)
                + " " + Polar(34, (k + 0.5f) / petals);
        return new ProceduralParts(outline + "Z", Detail: Circle(0, 0, 22));
    }

    private static ProceduralParts Cloud(RandomDraws d) => new(Text($"M-58 45C-105 45 -105 {d.Range(-20, -8)} -60 -18")
        + Text($"C-62 {d.Range(-80, -64)} 5 -82 20 -44C60 -62 88 -22 64 -4C104 4 98 45 60 45Z"));

    private static ProceduralParts Hourglass(float waist) => new(
        Text($"M-62 -85H62L{waist} 0L62 85H-62L{-waist} 0Z"));

    private static ProceduralParts Tree(RandomDraws d)
    {
        float w = d.Range(60, 76);
        return new(Text($"M0 -92L{w * 0.55f} -40H{w * 0.3f}L{w * 0.8f} 10H{w * 0.42f}L{w} 62H13V92H-13V62")
            + Text($"H{-w}L{-w * 0.42f} 10H{-w * 0.8f}L{-w * 0.3f} -40H{-w * 0.55f}Z"));
    }

    private static ProceduralParts Stripes(float period)
    {
        int n = (int)(Reach / period) + 1;
        return new(Repeat(-n, n, k => Box(-Reach, k * period, 2 * Reach, period / 2)));
    }

    private static ProceduralParts Checker(float side)
    {
        int n = (int)(Reach / side) + 1;
        return new(Repeat(-n, n, y => Repeat(-n, n, x =>
            ((x + y) & 1) != 0 ? "" : Box(x * side, y * side, side, side))));
    }

    private static ProceduralParts Dots(float period, float radius)
    {
        int n = (int)(Reach / period) + 1;
        return new(Repeat(-n, n, y => Repeat(-n, n, x =>
            Circle((x + (y & 1) * 0.5f) * period, y * period * 0.87f, radius * period))));
    }

    private static ProceduralParts Spiral(float pitch)
    {
        const int perTurn = 24;
        int n = (int)(Reach / pitch * perTurn);
        return new("", Repeat(1, n, k =>
            (k == 1 ? "M" : "L") + Polar(pitch * k / perTurn, (float)k / perTurn)), pitch * 0.42f);
    }

    private static ProceduralParts Grid(float period, float width)
    {
        int n = (int)(Reach / period) + 1;
        return new("", Repeat(-n, n, k =>
            Text($"M{-Reach} {k * period}H{Reach}M{k * period} {-Reach}V{Reach}")), width);
    }

    private static ProceduralParts Waves(float period, float height)
    {
        int n = (int)(Reach / period) + 1;
        const int half = 30;
        return new("", Repeat(-n, n, k => Text($"M-180 {k * period}q{half / 2} {-height} {half} 0")
            + Repeat(1, 11, _ => Text($"t{half} 0"))), period * 0.36f);
    }
}

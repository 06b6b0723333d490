using static VisionMamba.Data.Datasets.ProceduralPaths;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// The classes for adaptation: pictograms of things, none of which is among the pre-training classes.
/// </summary>
internal static class ProceduralIcons
{
    public static IReadOnlyDictionary<string, ProceduralClass> All { get; } = new Dictionary<string, ProceduralClass>
    {
        ["bolt"] = new(d => Bolt(d.Range(-8, 8)), 25),
        ["drop"] = new(Drop, 30),
        ["fish"] = new(d => Fish(d.Range(46, 66)), 30),
        ["flag"] = new(d => Flag(d.Range(14, 26), d.Range(65, 85)), 20),
        ["hexagon"] = new(_ => new(Around(6, _ => 86)), 180),
        ["house"] = new(House, 15),
        ["key"] = new(Key, 180),
        ["leaf"] = new(Leaf, 40),
        ["mug"] = new(d => Mug(d.Range(52, 66)), 15),
        ["umbrella"] = new(d => Umbrella(d.Range(78, 92)), 30),
    };

    private static ProceduralParts Bolt(float lean) => new(
        Text($"M{18 + lean} -95L-58 14H-8L{-28 - lean} 95L62 -26H10L{50 + lean} -95Z"));

    private static ProceduralParts Drop(RandomDraws d)
    {
        float w = d.Range(54, 66);
        return new(
            Text($"M0 -94C{w * 0.3f} -48 {w} -8 {w} 30A{w} {w * 0.95f} 0 0 1 {-w} 30C{-w} -8 {-w * 0.3f} -48 0 -94Z"),
            Detail: Text($"M{-w * 0.62f} 26C{-w * 0.6f} 52 {-w * 0.4f} 68 {-w * 0.1f} 72L{-w * 0.1f} 60")
                + Text($"C{-w * 0.3f} 56 {-w * 0.42f} 44 {-w * 0.42f} 26Z"));
    }

    private static ProceduralParts Fish(float belly) => new(
        Text($"M-90 0C-52 {-belly - 14} 14 {-belly - 14} 48 -8L90 -46Q74 0 90 46")
            + Text($"L48 8C14 {belly + 14} -52 {belly + 14} -90 0Z"),
        Detail: Circle(-52, -12, 9) + "M-26 -30Q-6 0 -26 30L-18 32Q4 0 -18 -32Z");

    private static ProceduralParts Flag(float wave, float length) => new(
        Text($"M-62 -80C{-62 + length * 0.6f} {-80 - wave * 2}")
            + Text($" {-62 + length} {-80 + wave * 2} {-62 + length * 1.75f} -80")
            + Text($"V4C{-62 + length} {4 + wave * 2} {-62 + length * 0.6f} {4 - wave * 2} -62 4Z"),
        "M-64 -86V90", 12);

    private static ProceduralParts House(RandomDraws d)
    {
        float eaves = d.Range(-12, 4), door = d.Range(-34, -12);
        string chimney = d.Chance(0.5f) ? "M44 -76V-44" : "";
        return new(
            Text($"M0 -88L92 {eaves}H66V82H-66V{eaves}H-92Z"), chimney, 20,
            Box(door, 26, 30, 56) + Box(22, 14, 28, 28));
    }

    private static ProceduralParts Key(RandomDraws d)
    {
        float hole = d.Range(14, 20), bow = d.Range(34, 42);
        string teeth = d.Chance(0.5f) ? "M82 0V34M58 0V28" : "M84 0V32M64 0V36M44 0V26";
        return new(Circle(-90 + bow, 0, bow) + Circle(-90 + bow, 0, hole), Text($"M{-88 + 2 * bow} 0H84") + teeth, 17);
    }

    private static ProceduralParts Leaf(RandomDraws d)
    {
        float belly = d.Range(-8, 12);
        return new(
            Text($"M-62 66C{-96 + belly} -22 -20 -86 84 -84C88 20 22 {96 - belly} -62 66Z"), "M-60 64L-88 90", 9,
            "M-62 62L50 -56L54 -50L-56 68ZM-22 22L-26 -26L-19 -24L-15 15Z"
            + "M12 -14L8 -54L15 -52L19 -21ZM-20 30L30 28L30 35L-27 37Z");
    }

    private static ProceduralParts Mug(float depth) => new(
        Text($"M-72 -64H36V{depth - 14}Q36 {depth + 8} 14 {depth + 8}H-50Q-72 {depth + 8} -72 {depth - 14}Z"),
        "M40 -34H58Q82 -34 82 -8T58 22H40", 15,
        Text($"M-72 -46H36V-36H-72Z"));

    private static ProceduralParts Umbrella(float width) => new(
        Text($"M{-width} 8A{width} {width} 0 0 1 {width} 8Q{width * 0.67f} -16 {width * 0.33f} 8")
            + Text($"Q0 -16 {-width * 0.33f} 8Q{-width * 0.67f} -16 {-width} 8Z"),
        "M0 -84V-92M0 0V66Q0 86 18 86T36 66", 10,
        Text($"M{-width * 0.33f - 2} 6Q-34 -52 0 -80Q-24 -52 {-width * 0.33f + 5} 6Z")
            + Text($"M{width * 0.33f + 2} 6Q34 -52 0 -80Q24 -52 {width * 0.33f - 5} 6Z"));
}

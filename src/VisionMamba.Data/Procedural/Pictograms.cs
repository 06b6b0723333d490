using SkiaSharp;

namespace VisionMamba.Data.Procedural;

/// <summary>The pictograms of everyday things: one builder each, in the unit square.</summary>
internal static class Pictograms
{
    public static Shape Fish(ref Draws draws)
    {
        float belly = draws.Between(28, 36);
        SKPath body = Paths.Svg($"""
            M2 50 C16 {50 - belly} 52 {50 - belly} 72 46 L97 27 C90 42 90 58 97 73
            L72 54 C52 {50 + belly} 16 {50 + belly} 2 50 Z
            """);
        SKPath fin = Paths.Svg($"M32 {56 - belly * 0.7f} L60 {40 - belly * 0.7f} L56 40 H32 Z");
        return new Shape { Parts = [body, fin], Holes = [Paths.Circle(0.2f, 0.45f, 0.045f)] };
    }

    public static Shape House(ref Draws draws)
    {
        float eaves = draws.Between(44, 52), door = draws.Between(0.24f, 0.32f);
        SKPath walls = Paths.Svg($"M50 6 L97 {eaves} H85 V94 H15 V{eaves} H3 Z");
        SKPath opening = Paths.Box(door, 0.62f, door + 0.18f, 0.96f), window = Paths.Box(0.57f, 0.6f, 0.75f, 0.76f);
        return new Shape { Parts = [walls, Paths.Box(0.7f, 0.1f, 0.82f, 0.45f)], Holes = [opening, window] };
    }

    public static Shape Mug(ref Draws draws)
    {
        float foot = draws.Between(12, 18), top = draws.Between(10, 18);
        SKPath cup = Paths.Svg($"""
            M8 {top} H68 L{76 - foot} 80 Q{75 - foot} 90 {66 - foot} 90 H{10 + foot}
            Q{foot + 1} 90 {foot} 80 Z
            """);
        return new Shape { Parts = [cup, Paths.Thick(Paths.Svg($"M62 30 C104 18 100 66 60 66"), 0.09f)] };
    }

    public static Shape Key(ref Draws draws)
    {
        float bow = draws.Between(0.2f, 0.23f), first = draws.Between(0.66f, 0.72f);
        SKPath shaft = Paths.Box(0.4f, 0.45f, 0.98f, 0.55f);
        SKPath shortBit = Paths.Box(first, 0.5f, first + 0.09f, 0.7f), longBit = Paths.Box(0.87f, 0.5f, 0.98f, 0.74f);
        return new Shape
        {
            Parts = [Paths.Circle(0.24f, 0.5f, bow), shaft, shortBit, longBit],
            Holes = [Paths.Circle(0.22f, 0.5f, bow - 0.1f)],
        };
    }

    public static Shape Tree(ref Draws draws)
    {
        float width = draws.Between(30, 38);
        SKPath top = Paths.Svg($"M50 2 L{50 + width * 0.62f} 34 H{50 - width * 0.62f} Z");
        SKPath middle = Paths.Svg($"M50 18 L{50 + width * 0.82f} 58 H{50 - width * 0.82f} Z");
        SKPath bottom = Paths.Svg($"M50 38 L{50 + width} 82 H{50 - width} Z");
        return new Shape { Parts = [top, middle, bottom, Paths.Box(0.43f, 0.8f, 0.57f, 0.98f)] };
    }

    public static Shape Umbrella(ref Draws draws)
    {
        float crown = draws.Between(8, 16);
        SKPath canopy = Paths.Svg($"""
            M3 52 C5 {crown + 14} 28 {crown} 50 {crown} C72 {crown} 95 {crown + 14} 97 52
            Q81 40 66 52 Q50 40 34 52 Q19 40 3 52 Z
            """);
        SKPath tip = Paths.Svg($"M50 {crown + 2} V{crown - 6}"), handle = Paths.Svg($"M50 46 V84 C50 99 29 99 29 84");
        return new Shape
        {
            Line = Paths.Joined([new SKPath(canopy), new SKPath(tip), new SKPath(handle)]),
            Parts = [canopy, Paths.Thick(tip, 0.05f), Paths.Thick(handle, 0.06f)],
        };
    }

    public static Shape Leaf(ref Draws draws)
    {
        float bulge = draws.Between(28, 36), tilt = draws.Between(11, 15);
        SKPath blade = Paths.Svg(
            $"M50 2 C{50 + bulge} 22 {54 + bulge} 66 50 82 C{46 - bulge} 66 {50 - bulge} 22 50 2 Z");
        SKPath rib = Paths.Svg($"M50 20 V77"), stalk = Paths.Svg($"M50 81 Q50 92 56 98");
        SKPath veins = Paths.Svg(
            $"M50 47 L63 {47 - tilt} M50 47 L37 {47 - tilt} M50 66 L66 {66 - tilt} M50 66 L34 {66 - tilt}");
        return new Shape
        {
            // Outlined, the side veins would run together with the rim in a small picture.
            Line = Paths.Joined([new SKPath(blade), new SKPath(rib), new SKPath(stalk)]),
            Parts = [blade, Paths.Thick(stalk, 0.06f)],
            Holes = [Paths.Thick(rib, 0.035f), Paths.Thick(veins, 0.03f)],
        };
    }

    public static Shape Boat(ref Draws draws)
    {
        float deck = draws.Between(64, 70), jib = draws.Between(12, 30);
        SKPath hull = Paths.Svg($"M3 {deck} H97 L80 94 H22 Z"), mast = Paths.Svg($"M49 4 V{deck}");
        SKPath main = Paths.Svg($"M57 8 L93 {deck - 9} H57 Z"), fore = Paths.Svg($"M41 {jib} L8 {deck - 9} H41 Z");
        return new Shape
        {
            Line = Paths.Joined([new SKPath(hull), new SKPath(mast), new SKPath(main), new SKPath(fore)]),
            Parts = [hull, Paths.Thick(mast, 0.05f), main, fore],
        };
    }
}

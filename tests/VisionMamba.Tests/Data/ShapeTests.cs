using VisionMamba.Data.Procedural;
using VisionMamba.Tensors;

namespace VisionMamba.Tests.Data;

public sealed class ShapeTests
{
    private const int Examples = 100;

    private static readonly Dictionary<string, (ShapeBuilder Build, float[] Inside, float[] Outside)> Landmarks = new()
    {
        ["fish"] = (Pictograms.Fish, [0.4f, 0.5f, 0.9f, 0.4f, 0.9f, 0.62f], [0.2f, 0.45f, 0.97f, 0.5f]),
        ["house"] = (Pictograms.House, [0.5f, 0.2f, 0.76f, 0.2f, 0.5f, 0.55f], [0.66f, 0.68f, 0.36f, 0.8f]),
        ["mug"] = (Pictograms.Mug, [0.4f, 0.5f, 0.3f, 0.85f, 0.87f, 0.48f], [0.77f, 0.48f]),
        ["key"] = (Pictograms.Key, [0.07f, 0.5f, 0.55f, 0.5f, 0.74f, 0.64f, 0.92f, 0.7f], [0.22f, 0.5f, 0.84f, 0.7f]),
        ["tree"] = (Pictograms.Tree, [0.5f, 0.1f, 0.5f, 0.5f, 0.5f, 0.9f, 0.25f, 0.8f], [0.25f, 0.4f, 0.3f, 0.9f]),
        ["umbrella"] = (Pictograms.Umbrella, [0.5f, 0.3f, 0.5f, 0.7f, 0.29f, 0.86f, 0.15f, 0.42f], [0.5f, 0.99f]),
        ["leaf"] = (Pictograms.Leaf, [0.4f, 0.28f, 0.6f, 0.28f, 0.53f, 0.95f, 0.46f, 0.72f], [0.5f, 0.3f, 0.5f, 0.6f]),
        ["boat"] = (Pictograms.Boat, [0.5f, 0.8f, 0.49f, 0.3f, 0.65f, 0.5f, 0.33f, 0.5f], [0.545f, 0.4f, 0.44f, 0.5f]),
    };

    public static TheoryData<string> Names => [.. Landmarks.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_example_has_all_its_parts(string name)
    {
        (ShapeBuilder build, float[] inside, float[] outside) = Landmarks[name];
        for (ulong seed = 0; seed < Examples; seed++)
        {
            var draws = new Draws(new Rng(3, seed));
            using Shape shape = build(ref draws);
            Check(inside, true);
            Check(outside, false);

            void Check(float[] points, bool expected)
            {
                for (int i = 0; i < points.Length; i += 2)
                    Assert.True(
                        shape.Contains(points[i], points[i + 1]) == expected,
                        $"{name} {seed}: ({points[i]}, {points[i + 1]}) should be {(expected ? "inside" : "outside")}");
            }
        }
    }
}

using VisionMamba.Tensors;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// Seeded choices among the samples of each class. Depends on a class's position and count, not on names.
/// </summary>
internal static class StratifiedSplit
{
    private const ulong SplitStream = 0x5711, LimitStream = 0x5712, TurnStream = 0x5714;

    /// <summary>
    /// Holds out round(fraction * n) of each class's n samples, but at least one when n is 2 or more, and never all.
    /// </summary>
    public static (List<Sample> Train, List<Sample> Validation) Split(
        IReadOnlyList<Sample> samples, int classes, double fraction, ulong seed)
    {
        bool[] heldOut = Choose(samples, classes, new Rng(seed, SplitStream), count => HeldOut(count, fraction));
        var train = new List<Sample>();
        var validation = new List<Sample>();
        for (int i = 0; i < samples.Count; i++)
            (heldOut[i] ? validation : train).Add(samples[i]);
        return (train, validation);
    }

    /// <summary>At most <paramref name="limit"/> samples of each class, in their order.</summary>
    public static List<Sample> Limit(IReadOnlyList<Sample> samples, int classes, int limit, ulong seed)
    {
        bool[] kept = Choose(samples, classes, new Rng(seed, LimitStream), count => Math.Min(count, limit));
        return samples.Where((_, i) => kept[i]).ToList();
    }

    /// <summary>
    /// All positions, the classes taking turns: each class in an order of its own, and each round of turns, too.
    /// </summary>
    public static int[] Turns(IReadOnlyList<Sample> samples, int classes, ulong seed)
    {
        var rng = new Rng(seed, TurnStream);
        List<int>[] members = Members(samples, classes);
        int[][] orders = [.. members.Select((own, c) => rng.Derive((ulong)c).Permutation(own.Count))];
        var turns = new List<int>(samples.Count);
        for (int round = 0; turns.Count < samples.Count; round++)
        {
            foreach (int c in rng.Derive((ulong)(classes + round)).Permutation(classes))
            {
                if (round < orders[c].Length)
                    turns.Add(members[c][orders[c][round]]);
            }
        }

        return [.. turns];
    }

    internal static int HeldOut(int count, double fraction) =>
        count < 2 ? 0 : Math.Clamp((int)Math.Round(fraction * count), 1, count - 1);

    private static bool[] Choose(IReadOnlyList<Sample> samples, int classes, Rng rng, Func<int, int> howMany)
    {
        List<int>[] members = Members(samples, classes);
        bool[] chosen = new bool[samples.Count];
        for (int c = 0; c < classes; c++)
        {
            int[] order = rng.Derive((ulong)c).Permutation(members[c].Count);
            int count = howMany(order.Length);
            for (int k = 0; k < count; k++)
                chosen[members[c][order[k]]] = true;
        }

        return chosen;
    }

    private static List<int>[] Members(IReadOnlyList<Sample> samples, int classes)
    {
        var members = new List<int>[classes];
        for (int c = 0; c < classes; c++)
            members[c] = [];
        for (int i = 0; i < samples.Count; i++)
            members[samples[i].Label].Add(i);
        return members;
    }
}

namespace VisionMamba.Tensors.Files;

/// <summary>Measures a tree of values that may share parts and contain itself.</summary>
internal static class PickleTree
{
    /// <summary>
    /// Whether no chain of values is longer than <paramref name="limit"/>; links back to an open value do not
    /// count.
    /// </summary>
    public static bool IsNoDeeperThan(PickleValue root, int limit)
    {
        var open = new Stack<(PickleValue Value, IEnumerator<PickleValue> Parts)>();
        Enter(root);
        while (open.TryPeek(out var top))
        {
            if (top.Parts.MoveNext())
            {
                if (top.Parts.Current.Height == 0)
                    Enter(top.Parts.Current);
            }
            else
            {
                open.Pop();
                top.Value.Height = 1 + top.Value.Children.Aggregate(0, (most, child) => Math.Max(most, child.Height));
                if (top.Value.Height > limit)
                    return false;
            }

            if (open.Count > limit)
                return false;
        }

        return true;

        void Enter(PickleValue value)
        {
            value.Height = -1;
            open.Push((value, value.Children.GetEnumerator()));
        }
    }
}

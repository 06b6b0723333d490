using VisionMamba.Tensors;

namespace VisionMamba.Models.Prompting.Vpt;

/// <summary>How prompt tokens enter a sequence of one length, and how they are replaced in it afterwards.</summary>
internal sealed class PromptOrder
{
    public PromptOrder(PromptPlacement placement, int prompts, int length, int classToken)
    {
        List<int> order = [.. Enumerable.Range(0, length)];
        // From the last to the first, so that earlier places keep their index.
        for (int p = prompts - 1; p >= 0; p--)
            order.Insert(At(placement, p, prompts, length, classToken), ~p);
        Insert = new TokenOrder([.. order]);
        ClassToken = Insert.PlaceOf(classToken);
        Replace = new TokenOrder([.. order.Select((source, place) => source < 0 ? source : place)]);
        Clear = new TokenOrder([.. order.Select((source, place) => source < 0 ? TokenOrder.Zero : place)]);
    }

    /// <summary>Puts the prompts among the tokens.</summary>
    public TokenOrder Insert { get; }

    /// <summary>Puts other prompts where prompts are.</summary>
    public TokenOrder Replace { get; }

    /// <summary>Puts zeros where prompts are.</summary>
    public TokenOrder Clear { get; }

    /// <summary>Where the class token is after <see cref="Insert"/>.</summary>
    public int ClassToken { get; }

    /// <summary>Before which of the tokens prompt <paramref name="p"/> goes.</summary>
    private static int At(PromptPlacement placement, int p, int prompts, int length, int classToken)
    {
        bool first = p < (prompts + 1) / 2;
        return placement switch
        {
            PromptPlacement.Prefix => 0,
            PromptPlacement.Suffix => length,
            PromptPlacement.Ends => first ? 0 : length,
            PromptPlacement.Middle => first ? classToken : classToken + 1,
            _ => EndOfPiece(p, prompts + 1, length),
        };
    }

    private static int EndOfPiece(int piece, int pieces, int length) =>
        ((piece + 1) * (length / pieces)) + Math.Min(piece + 1, length % pieces);
}

using System.Text.Json.Nodes;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Prompting;

/// <summary>
/// A way to adapt a backbone: the parameters it adds, what it does to the tokens before each block, and what trains.
/// </summary>
public abstract class TuningMethod
{
    /// <summary>The registered name, e.g. "svp".</summary>
    public abstract string Name { get; }

    /// <summary>The settings as they are saved with a model and shown to people.</summary>
    public abstract JsonObject Settings { get; }

    /// <summary>Declares the method's own parameters at the root of the model's names.</summary>
    public virtual void Declare(ParameterScope root, VisionMambaConfig model)
    {
    }

    /// <summary>Changes the tokens before block <paramref name="layer"/>. The default leaves them alone.</summary>
    public virtual TokenSequence Prompt(Tape tape, TokenSequence sequence, int layer, ForwardContext context) =>
        sequence;

    /// <summary>Whether the parameter called <paramref name="name"/> trains.</summary>
    public abstract bool Trains(string name);

    /// <summary>Whether the parameter belongs to the classification head, which every method trains.</summary>
    protected static bool IsHead(string name) => name.StartsWith("head.", StringComparison.Ordinal);
}

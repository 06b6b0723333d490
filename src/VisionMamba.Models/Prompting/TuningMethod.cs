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

    /// <summary>
    /// Whether the method declares parameters; one that does not only chooses which of the backbone's train.
    /// </summary>
    public virtual bool AddsParameters => true;

    /// <summary>Learns the architecture, before any parameter is declared or asked about.</summary>
    public virtual void Prepare(VisionMambaConfig model)
    {
    }

    /// <summary>Declares the method's own parameters at the root of the model's names.</summary>
    public virtual void Declare(ParameterScope root, VisionMambaConfig model)
    {
    }

    /// <summary>
    /// Changes the image, (batch, channels, size, size), before it is cut into patches. The default leaves it alone.
    /// </summary>
    public virtual Tensor Image(Tape tape, Tensor image, ForwardContext context) => image;

    /// <summary>
    /// Changes the tokens, and the residual with them, before block <paramref name="layer"/>. The default leaves them
    /// alone.
    /// </summary>
    public virtual TokenSequence Prompt(Tape tape, TokenSequence sequence, int layer, ForwardContext context) =>
        sequence;

    /// <summary>
    /// Changes in_proj's output, (batch, length, 2 inner), of block <paramref name="layer"/>: what the convolutions
    /// and scans of both directions read. The default leaves it alone.
    /// </summary>
    public virtual Tensor BeforeScan(Tape tape, Tensor xz, int layer, ForwardContext context) => xz;

    /// <summary>
    /// Takes what <see cref="BeforeScan"/> added away from the gated sum of both scans, (batch, length, inner).
    /// </summary>
    public virtual Tensor AfterScan(Tape tape, Tensor y, int layer) => y;

    /// <summary>Whether the parameter called <paramref name="name"/> trains.</summary>
    public abstract bool Trains(string name);

    /// <summary>Whether the parameter belongs to the classification head, which every method trains.</summary>
    protected static bool IsHead(string name) => name.StartsWith("head.", StringComparison.Ordinal);

    /// <summary>Whether the parameter belongs to the backbone: neither the head's nor a method's own.</summary>
    protected static bool IsBackbone(string name) => Checkpoints.BackboneContent.Includes(name);
}

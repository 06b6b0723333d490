using System.Text.Json.Nodes;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Prompting;

/// <summary>
/// A way to adapt a backbone: the parameters it adds, what it does to the tokens before each block, and what trains.
/// </summary>
public abstract class TuningMethod
{
    private bool _taken;

    /// <summary>The registered name, e.g. "svp".</summary>
    public abstract string Name { get; }

    /// <summary>The settings as they are saved with a model and shown to people.</summary>
    public abstract JsonObject Settings { get; }

    /// <summary>
    /// Whether the method declares parameters; one that does not only chooses which of the backbone's train.
    /// </summary>
    public virtual bool AddsParameters => true;

    /// <summary>How many layers share a prompt, where they do: what a layer's rate belongs to depends on it.</summary>
    public virtual int SharedLayers => 1;

    /// <summary>Prepares it for the one model whose parameters it will hold.</summary>
    /// <exception cref="InvalidOperationException">Another model has it.</exception>
    internal void TakeFor(VisionMambaConfig model)
    {
        if (_taken && AddsParameters)
        {
            throw new InvalidOperationException(
                $"this '{Name}' holds the parameters of another model; make one more with TuningMethods.Create");
        }

        _taken = true;
        Prepare(model);
    }

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

    /// <summary>
    /// Changes <paramref name="y"/>, what the projection <paramref name="site"/> of block <paramref name="layer"/> made
    /// of <paramref name="x"/>. The default leaves it alone.
    /// </summary>
    public virtual Tensor Adapt(
        Tape tape, int layer, MixerSite site, Tensor x, Tensor y, ForwardContext context) => y;

    /// <summary>
    /// Gives one direction's scan more states; <paramref name="u"/> is its input, (batch, length, inner). It acts after
    /// <see cref="Adapt"/>. The default leaves them alone.
    /// </summary>
    public virtual ScanStates Widen(Tape tape, int layer, bool backward, Tensor u, ScanStates states) => states;

    /// <summary>
    /// Whether <see cref="AfterMixer"/> reads the mixer's input; where it does not, its memory is free early.
    /// </summary>
    public virtual bool ReadsMixerInput => false;

    /// <summary>
    /// Changes <paramref name="y"/>, what the mixer of block <paramref name="layer"/> made of the normalised tokens
    /// <paramref name="h"/>, both (batch, length, dim). The default leaves it alone.
    /// </summary>
    public virtual Tensor AfterMixer(Tape tape, int layer, Tensor h, Tensor y, ForwardContext context) => y;

    /// <summary>
    /// Whether what the method adds can be written into the backbone's weights, exactly but for rounding.
    /// </summary>
    public virtual bool Merges => false;

    /// <summary>What is left of the method, as a new one, after merging; itself where it does not merge.</summary>
    public virtual TuningMethod Rest => Merges ? new Full.FullMethod() : this;

    /// <summary>The architecture that holds the merged weights, of the one that was tuned.</summary>
    public virtual VisionMambaConfig MergedConfig(VisionMambaConfig model) => model;

    /// <summary>
    /// The parameter <paramref name="weight"/>, called <paramref name="name"/>, with what <see cref="Adapt"/> adds; the
    /// same tensor where that is nothing. Asked of a method that merges, after <see cref="Declare"/>.
    /// </summary>
    public virtual Tensor Merge(string name, Tensor weight) => weight;

    /// <summary>As <see cref="Merge"/>, and after it, for what <see cref="Widen"/> adds.</summary>
    public virtual Tensor MergeWider(string name, Tensor weight) => weight;

    /// <summary>Whether the parameter called <paramref name="name"/> trains.</summary>
    public abstract bool Trains(string name);

    /// <summary>Refuses settings with a line that begins with the method's name.</summary>
    private protected void Require(bool holds, string problem)
    {
        if (!holds)
            throw new VisionMambaException($"{Name}: {problem}");
    }

    /// <summary>Whether the parameter belongs to the classification head, which every method trains.</summary>
    protected static bool IsHead(string name) => name.StartsWith("head.", StringComparison.Ordinal);

    /// <summary>Whether the parameter belongs to the backbone: neither the head's nor a method's own.</summary>
    protected static bool IsBackbone(string name) => Checkpoints.BackboneContent.Includes(name);
}

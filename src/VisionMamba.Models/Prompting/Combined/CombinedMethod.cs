using System.Text.Json.Nodes;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Prompting.Combined;

/// <summary>
/// Several methods at once, as in "svp+lora": each acts in turn, in the order given, and what one of them trains
/// trains. Settings nest under the methods' names. Their parameters keep their names, so methods that would share a
/// name cannot be combined, nor those of which one already does all that the other does.
/// </summary>
public sealed class CombinedMethod : TuningMethod
{
    private readonly TuningMethod[] _parts;

    /// <summary>Combines <paramref name="parts"/>, two or more.</summary>
    /// <exception cref="VisionMambaException">One of them is idle beside the others.</exception>
    public CombinedMethod(params IReadOnlyList<TuningMethod> parts)
    {
        _parts = [.. parts];
        Name = string.Join('+', _parts.Select(p => p.Name));
        foreach (IGrouping<string, TuningMethod> same in _parts.GroupBy(p => p.Name))
            RequireFit(same.Count() == 1, $"'{same.Key}' is named twice");
        RequireFit(_parts.All(p => p.Name != "linear"), "every method trains the head, so 'linear' adds nothing");
        RequireFit(_parts.All(p => p.Name != "full") || _parts.All(p => p.Name == "full" || p.AddsParameters),
            "'full' already trains all that the other chooses from the backbone");
    }

    /// <summary>The methods, in the order in which they act.</summary>
    public IReadOnlyList<TuningMethod> Parts => _parts;

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override int SharedLayers => _parts.Max(p => p.SharedLayers);

    /// <inheritdoc/>
    public override bool AddsParameters => _parts.Any(p => p.AddsParameters);

    /// <inheritdoc/>
    public override JsonObject Settings =>
        new(_parts.Select(p => KeyValuePair.Create(p.Name, (JsonNode?)p.Settings)));

    /// <inheritdoc/>
    public override void Prepare(VisionMambaConfig model)
    {
        foreach (TuningMethod part in _parts)
            part.Prepare(model);
    }

    /// <inheritdoc/>
    public override void Declare(ParameterScope root, VisionMambaConfig model)
    {
        foreach (TuningMethod part in _parts)
            part.Declare(root, model);
    }

    /// <inheritdoc/>
    public override bool Trains(string name) => _parts.Any(p => p.Trains(name));

    /// <inheritdoc/>
    public override Tensor Image(Tape tape, Tensor image, ForwardContext context)
    {
        foreach (TuningMethod part in _parts)
            image = part.Image(tape, image, context);
        return image;
    }

    /// <inheritdoc/>
    public override TokenSequence Prompt(Tape tape, TokenSequence sequence, int layer, ForwardContext context)
    {
        foreach (TuningMethod part in _parts)
            sequence = part.Prompt(tape, sequence, layer, context);
        return sequence;
    }

    /// <inheritdoc/>
    public override Tensor BeforeScan(Tape tape, Tensor xz, int layer, ForwardContext context)
    {
        foreach (TuningMethod part in _parts)
            xz = part.BeforeScan(tape, xz, layer, context);
        return xz;
    }

    /// <inheritdoc/>
    public override Tensor AfterScan(Tape tape, Tensor y, int layer)
    {
        // The last to add is the first to take away.
        for (int i = _parts.Length - 1; i >= 0; i--)
            y = _parts[i].AfterScan(tape, y, layer);
        return y;
    }

    /// <inheritdoc/>
    public override Tensor Adapt(Tape tape, int layer, MixerSite site, Tensor x, Tensor y, ForwardContext context)
    {
        foreach (TuningMethod part in _parts)
            y = part.Adapt(tape, layer, site, x, y, context);
        return y;
    }

    /// <inheritdoc/>
    public override ScanStates Widen(Tape tape, int layer, bool backward, Tensor u, ScanStates states)
    {
        foreach (TuningMethod part in _parts)
            states = part.Widen(tape, layer, backward, u, states);
        return states;
    }

    /// <inheritdoc/>
    public override bool ReadsMixerInput => Array.Exists(_parts, static part => part.ReadsMixerInput);

    /// <inheritdoc/>
    public override Tensor AfterMixer(Tape tape, int layer, Tensor h, Tensor y, ForwardContext context)
    {
        foreach (TuningMethod part in _parts)
            y = part.AfterMixer(tape, layer, h, y, context);
        return y;
    }

    /// <inheritdoc/>
    public override bool Merges => _parts.Any(p => p.Merges);

    /// <inheritdoc/>
    public override TuningMethod Rest => _parts.Where(p => !p.Merges).ToArray() switch
    {
        [] => new Full.FullMethod(),
        [var only] => only,
        var several => new CombinedMethod(several),
    };

    /// <inheritdoc/>
    public override VisionMambaConfig MergedConfig(VisionMambaConfig model) =>
        Merging.Aggregate(model, (config, part) => part.MergedConfig(config));

    /// <inheritdoc/>
    public override Tensor Merge(string name, Tensor weight) =>
        Merging.Aggregate(weight, (merged, part) => part.Merge(name, merged));

    /// <inheritdoc/>
    public override Tensor MergeWider(string name, Tensor weight) =>
        Merging.Aggregate(weight, (merged, part) => part.MergeWider(name, merged));

    private IEnumerable<TuningMethod> Merging => _parts.Where(p => p.Merges);

    private void RequireFit(bool holds, string problem)
    {
        if (!holds)
            throw new VisionMambaException($"the methods '{Name}' cannot be combined: {problem}");
    }
}

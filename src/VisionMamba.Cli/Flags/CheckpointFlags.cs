using System.CommandLine;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting.Svp;

namespace VisionMamba.Cli.Flags;

/// <summary>
/// Which model: a whole file, or a backbone and a prompt pack; and what a file's shapes may leave open.
/// </summary>
internal sealed class CheckpointFlags
{
    private readonly Option<string?> _checkpoint = new("--checkpoint")
    {
        Description = "model file, .pth or .safetensors",
        HelpName = "FILE",
    };

    private readonly Option<string?> _backbone = new("--backbone")
    {
        Description = "with --pack: the backbone's file, .pth or .safetensors",
        HelpName = "FILE",
    };

    private readonly Option<string?> _pack = new("--pack")
    {
        Description = "prompt pack, instead of --checkpoint; needs --backbone",
        HelpName = "FILE",
    };

    private readonly Option<int?> _size = LeftOpen<int?>("--image-size", "image side");
    private readonly Option<int?> _stride = LeftOpen<int?>("--stride", "patch stride");
    private readonly Option<bool?> _simAm = LeftOpen<bool?>("--simam", "SimAM on the input");
    private readonly Option<int?> _shared = LeftOpen<int?>("--shared-layers", "layers that share a cross prompt");
    private readonly Option<string?> _source = LeftOpen<string?>("--cross-prompt-source", "token or paired-halves");

    private Option[] Open => [_size, _stride, _simAm, _shared, _source];

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _checkpoint, _backbone, _pack }.Concat(Open))
            command.Options.Add(option);
    }

    /// <summary>The file that makes the model what it is: the pack where there is one, else the checkpoint.</summary>
    public string Path(ParseResult parsed) => parsed.GetValue(_pack) ?? parsed.GetValue(_checkpoint)
        ?? throw new UsageException(parsed.GetValue(_backbone) is null
            ? "--checkpoint FILE is missing (or --backbone FILE with --pack FILE)"
            : "--backbone: needs --pack FILE beside it; a whole model is given as --checkpoint");

    /// <summary>The pack, where one is given.</summary>
    public string? Pack(ParseResult parsed) => parsed.GetValue(_pack);

    /// <summary>The pack's backbone: --backbone, or --checkpoint beside --pack.</summary>
    public string? Backbone(ParseResult parsed)
    {
        string? backbone = parsed.GetValue(_backbone), checkpoint = parsed.GetValue(_checkpoint);
        if (backbone is not null && checkpoint is not null)
            throw new UsageException("--checkpoint: beside --backbone it says the same thing twice; leave one out");
        return backbone ?? (parsed.GetValue(_pack) is null ? null : checkpoint);
    }

    /// <summary>Refuses to write over a file that the model is read from: its own, or its backbone's.</summary>
    public void RefuseToReplace(ParseResult parsed, string output)
    {
        if (new[] { Path(parsed), Backbone(parsed) }.Any(
            file => file is not null && System.IO.Path.GetFullPath(file) == System.IO.Path.GetFullPath(output)))
        {
            throw new UsageException(
                $"--output {output}: would replace a file that the model is made from; give another name");
        }
    }

    /// <summary>The model. With <paramref name="view"/> it only answers: its weights stay in the file.</summary>
    public LoadedModel Load(ParseResult parsed, bool view = false)
    {
        string path = Path(parsed);
        string? backbone = Backbone(parsed);
        if (Pack(parsed) is { } pack)
        {
            if (Open.FirstOrDefault(o => parsed.IsGiven(o)) is { } given)
                throw new UsageException($"{given.Name}: is recorded in the pack; leave it out");
            if (backbone is null)
                throw new UsageException("--pack: needs --backbone FILE beside it");
            return PromptPack.Open(pack).Attach(Models.Checkpoints.Backbone.Open(backbone));
        }

        if (backbone is not null)
            throw new UsageException(
                "--backbone: needs --pack FILE beside it; a whole model is given as --checkpoint alone");
        LoadedModel loaded = ModelFile.Load(path, Options(parsed) with { View = view });
        foreach (string note in loaded.Notes)
            Console.Error.WriteLine($"{path}: {note}");
        return loaded;
    }

    private static Option<T> LeftOpen<T>(string name, string what) =>
        new(name) { Description = what + ", where the file leaves it open" };

    private LoadOptions Options(ParseResult parsed)
    {
        Flag.RequireAtLeast1(parsed, _size, _stride, _shared);
        string? source = parsed.GetValue(_source);
        if (source is not null && !SvpMethod.Sources.Contains(source))
            throw new UsageException($"{_source.Name}: must be {string.Join(" or ", SvpMethod.Sources)}");
        return new LoadOptions
        {
            ImageSize = parsed.GetValue(_size),
            Stride = parsed.GetValue(_stride),
            SimAm = parsed.GetValue(_simAm),
            SharedLayers = parsed.GetValue(_shared),
            CrossPromptSource = source,
        };
    }
}

using System.CommandLine;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting.Svp;

namespace VisionMamba.Cli.Verbs;

/// <summary>Which model file, and what the file's shapes may leave open.</summary>
internal sealed class CheckpointFlags
{
    private readonly Option<string> _checkpoint = new("--checkpoint")
    {
        Description = "model file, .pth or .safetensors",
        Required = true,
        HelpName = "FILE",
    };

    private readonly Option<int?> _size = new("--image-size") { Description = "image side, where the file leaves it open" };
    private readonly Option<int?> _stride = new("--stride") { Description = "patch stride, where the file leaves it open" };
    private readonly Option<bool?> _simAm = new("--simam") { Description = "SimAM on the input, where the file leaves it open" };

    private readonly Option<string?> _source = new("--cross-prompt-source")
    {
        Description = "token or paired-halves, where the file leaves it open",
    };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _checkpoint, _size, _stride, _simAm, _source })
            command.Options.Add(option);
    }

    public string Path(ParseResult parsed) => parsed.GetValue(_checkpoint)!;

    public LoadedModel Load(ParseResult parsed)
    {
        string? source = parsed.GetValue(_source);
        if (source is not null)
            SvpMethod.ParseSource(source);
        LoadedModel loaded = ModelFile.Load(Path(parsed), new LoadOptions
        {
            ImageSize = parsed.GetValue(_size),
            Stride = parsed.GetValue(_stride),
            SimAm = parsed.GetValue(_simAm),
            CrossPromptSource = source,
        });
        foreach (string note in loaded.Notes)
            Console.Error.WriteLine($"{Path(parsed)}: {note}");
        return loaded;
    }
}

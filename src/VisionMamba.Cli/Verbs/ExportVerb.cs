using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Released;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp export: a model for other programs.</summary>
internal static class ExportVerb
{
    public static Command Create()
    {
        var command = new Command("export", "Write a model for other programs: PyTorch's .pth or .safetensors.");
        var checkpoint = new CheckpointFlags();
        var output = new Option<string>("--output")
        {
            Description = "the file to write",
            Required = true,
            HelpName = "FILE",
        };
        var format = new Option<string?>("--format") { Description = "pth or safetensors (default: told by --output)" };
        var type = new Option<string>("--dtype")
        {
            Description = "how numbers are stored: fp32, fp16 or bf16, rounded to nearest even",
            DefaultValueFactory = _ => "fp32",
        };
        var layout = new Option<string?>("--layout")
        {
            Description = "native: as it is here; released: names and shapes of the released SVP code; plain: tensors "
                + "without metadata (default: released for pth, native for safetensors)",
        };
        var optimizer = new Option<bool>("--with-optimizer")
        {
            Description = "pth of a run's last.safetensors: also what Python needs to resume it",
        };
        var unmerged = new Option<bool>("--unmerged")
        {
            Description = "keep the tuning method's parameters apart: LoRA and additional scans are otherwise written "
                + "into the weights",
        };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        checkpoint.AddTo(command);
        foreach (Option option in new Option[] { output, format, type, layout, optimizer, unmerged, json })
            command.Options.Add(option);
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(output)!, from = checkpoint.Path(parsed);
            string kind = Format(parsed.GetValue(format), path);
            ElementType stored = Type(parsed.GetValue(type)!);
            CheckpointLayout shape = Layout(parsed.GetValue(layout), kind);
            bool training = parsed.GetValue(optimizer);
            if (training
                && (kind != "pth" || shape != CheckpointLayout.Released || checkpoint.Pack(parsed) is not null))
            {
                throw new UsageException(
                    "--with-optimizer: is for --format pth --layout released of a run's last.safetensors");
            }

            checkpoint.RefuseToReplace(parsed, path);
            LoadedModel loaded = checkpoint.Load(parsed);
            var notes = new List<string>();
            if (training)
                TrainingExport.RequireKnown(loaded.Model.Method);
            string name = loaded.Model.Method.Name;
            parsed.RefuseIdle((unmerged, !loaded.Model.Method.Merges, $"'{name}' does not merge into the weights"));
            if (loaded.Model.Method.Merges)
                loaded = Merged(loaded, parsed.GetValue(unmerged), shape, notes);
            if (kind == "safetensors")
                ModelExport.Safetensors(path, loaded.Model, loaded.Card, shape, stored, notes);
            else if (training)
                TrainingExport.Write(path, from, loaded, stored, notes);
            else
                ModelExport.Torch(path, loaded.Model, loaded.Card, shape, stored, notes);
            foreach (string note in notes)
                Console.Error.WriteLine($"{path}: {note}");
            Report(path, kind, shape, parsed.GetValue(json));
            return 0;
        });
        return command;
    }

    private static LoadedModel Merged(
        LoadedModel loaded, bool unmerged, CheckpointLayout layout, List<string> notes)
    {
        string method = loaded.Model.Method.Name;
        if (unmerged && layout == CheckpointLayout.Plain)
        {
            throw new UsageException(
                $"--unmerged: a plain file cannot say the settings of '{method}'; give --layout native");
        }

        if (unmerged)
            return loaded;
        VisionMambaModel merged = MergedModel.Of(loaded.Model);
        string rest = merged.Method.Name == "full" ? "a plain model" : $"a model of the method '{merged.Method.Name}'";
        notes.Add($"'{method}' is merged into the weights, which makes {rest}"
            + (merged.Config.State == loaded.Model.Config.State ? "" : $" with {merged.Config.State} states"));
        return loaded with { Model = merged };
    }

    private static string Format(string? given, string path)
    {
        string name = given ?? Path.GetExtension(path).TrimStart('.');
        return name switch
        {
            "pth" or "safetensors" => name,
            "pt" or "bin" when given is null => "pth",
            "onnx" => throw new UsageException(
                "--format onnx: not available yet; this version writes pth and safetensors"),
            _ when given is null => throw new UsageException("--format is missing: give pth or safetensors"),
            _ => throw new UsageException($"--format {name}: unknown; give pth or safetensors"),
        };
    }

    private static ElementType Type(string name) => name switch
    {
        "fp32" => ElementType.F32,
        "fp16" => ElementType.F16,
        "bf16" => ElementType.BF16,
        _ => throw new UsageException($"--dtype {name}: unknown; give fp32, fp16 or bf16"),
    };

    private static CheckpointLayout Layout(string? name, string format) => name switch
    {
        null => format == "pth" ? CheckpointLayout.Released : CheckpointLayout.Native,
        "native" => CheckpointLayout.Native,
        "released" => CheckpointLayout.Released,
        "plain" => CheckpointLayout.Plain,
        _ => throw new UsageException($"--layout {name}: unknown; give native, released or plain"),
    };

    /// <summary>Tells what the file holds by reading it again.</summary>
    private static void Report(string path, string format, CheckpointLayout layout, bool json)
    {
        using TensorFile file = TensorFile.Open(path);
        var report = new JsonObject
        {
            ["path"] = path,
            ["format"] = format,
            ["layout"] = layout.ToString().ToLowerInvariant(),
            ["dtype"] = string.Join(", ", file.Tensors.Values.Select(t => t.Type.ToString()).Distinct()),
            ["tensors"] = file.Tensors.Count,
            ["numbers"] = file.Tensors.Values.Sum(t => t.Count),
            ["bytes"] = new FileInfo(path).Length,
        };
        if (json)
        {
            JsonOutput.Write(report);
            return;
        }

        foreach ((string key, JsonNode? value) in report)
            Console.Out.WriteLine($"{key,-8} {value}");
    }
}

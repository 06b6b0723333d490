using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Runs;
using VisionMamba.Models.Checkpoints;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp pack create: what a model adds to its backbone, as one small file.</summary>
internal static class PackVerb
{
    public static Command Create() => new("pack", "Make prompt packs: what a model adds to its backbone, in a few MB.")
    {
        CreatePack(),
    };

    private static Command CreatePack()
    {
        var command = new Command(
            "create", "Write a model's prompts, head, classes and settings without its backbone.");
        var checkpoint = new CheckpointFlags();
        var output = new Option<string>("--output")
        {
            Description = "the pack's file",
            Required = true,
            HelpName = "FILE",
        };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        checkpoint.AddTo(command);
        command.Options.Add(output);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(output)!, from = checkpoint.Path(parsed);
            checkpoint.RefuseToReplace(parsed, path);
            PackFiles.Write(path, checkpoint.Load(parsed), from);
            PromptPack pack = PromptPack.Open(path);
            var report = new JsonObject
            {
                ["path"] = path,
                ["bytes"] = new FileInfo(path).Length,
                ["numbers"] = pack.Tensors.Values.Sum(t => t.Count),
                ["method"] = pack.MethodName,
                ["classes"] = pack.Config.Classes,
                ["backbone_name"] = pack.BackboneName,
                ["backbone_hash"] = pack.BackboneHash,
            };
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(report);
                return 0;
            }

            foreach ((string key, JsonNode? value) in report)
                Console.Out.WriteLine($"{key,-15} {value}");
            return 0;
        });
        return command;
    }
}

using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp inspect: what a checkpoint holds.</summary>
internal static class InspectVerb
{
    public static Command Create()
    {
        var command = new Command(
            "inspect", "Show a checkpoint's architecture, tuning method, classes and parameters.");
        var checkpoint = new CheckpointFlags();
        var tensors = new Option<bool>("--tensors") { Description = "list every tensor" };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        checkpoint.AddTo(command);
        command.Options.Add(tensors);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            JsonObject report = checkpoint.Backbone(parsed) is null && IsPack(checkpoint.Path(parsed))
                ? OfPack(PromptPack.Open(checkpoint.Path(parsed)), parsed.GetValue(tensors))
                : OfModel(checkpoint.Path(parsed), checkpoint.Load(parsed), parsed.GetValue(tensors));
            if (parsed.GetValue(json))
                JsonOutput.Write(report);
            else
                Print(report, "");
            return 0;
        });
        return command;
    }

    private static bool IsPack(string path)
    {
        using TensorFile file = TensorFile.Open(path);
        return PromptPack.IsPack(file);
    }

    private static JsonObject OfModel(string path, LoadedModel loaded, bool tensors)
    {
        var parameters = loaded.Model.Parameters;
        var report = new JsonObject
        {
            ["path"] = path,
            ["model"] = ConfigJson.Write(loaded.Model.Config),
            ["method"] = Method(loaded.Model.Method.Name, loaded.Model.Method.Settings),
            ["parameters"] = parameters.All.Sum(p => p.Count),
            ["trainable_parameters"] = parameters.Trainable.Sum(p => p.Count),
        };
        return WithCard(report, loaded.Card, tensors ? parameters.All : null);
    }

    private static JsonObject OfPack(PromptPack pack, bool tensors)
    {
        var report = new JsonObject
        {
            ["path"] = pack.Path,
            ["pack_of"] = new JsonObject
            {
                ["backbone_name"] = pack.BackboneName,
                ["backbone_hash"] = pack.BackboneHash,
            },
            ["model"] = ConfigJson.Write(pack.Config),
            ["method"] = Method(pack.MethodName, pack.MethodSettings),
            ["parameters"] = pack.Tensors.Values.Sum(t => t.Count),
        };
        return WithCard(report, pack.Card, tensors ? pack.Tensors.Values : null);
    }

    private static JsonObject Method(string name, JsonObject settings) =>
        new() { ["name"] = name, ["settings"] = settings };

    private static JsonObject WithCard(JsonObject report, ModelCard card, IEnumerable<Tensor>? tensors)
    {
        report["classes"] = new JsonArray([.. card.Classes.Select(c => (JsonNode)c)]);
        report["preprocessing"] = card.Preprocessing?.DeepClone();
        report["provenance"] = card.Provenance.DeepClone();
        if (tensors is not null)
        {
            report["tensors"] = new JsonObject(tensors.Select(p =>
                KeyValuePair.Create(p.Name!, (JsonNode?)Tensor.ShapeText(p.Shape))));
        }

        return report;
    }

    private static void Print(JsonObject report, string indent)
    {
        foreach ((string key, JsonNode? value) in report)
        {
            if (value is JsonObject inner)
            {
                Console.Out.WriteLine($"{indent}{key}");
                Print(inner, indent + "  ");
            }
            else
            {
                Console.Out.WriteLine(
                    $"{indent}{key}: {(value is JsonArray list ? string.Join(", ", list) : value?.ToString() ?? "-")}");
            }
        }
    }
}

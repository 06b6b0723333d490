using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp inspect: what a checkpoint holds.</summary>
internal static class InspectVerb
{
    public static Command Create()
    {
        var command = new Command("inspect", "Show a checkpoint's architecture, tuning method, classes and parameters.");
        var checkpoint = new CheckpointFlags();
        var tensors = new Option<bool>("--tensors") { Description = "list every tensor" };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        checkpoint.AddTo(command);
        command.Options.Add(tensors);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            LoadedModel loaded = checkpoint.Load(parsed);
            var parameters = loaded.Model.Parameters;
            var report = new JsonObject
            {
                ["path"] = checkpoint.Path(parsed),
                ["model"] = ConfigJson.Write(loaded.Model.Config),
                ["method"] = new JsonObject { ["name"] = loaded.Model.Method.Name, ["settings"] = loaded.Model.Method.Settings },
                ["parameters"] = parameters.All.Sum(p => p.Count),
                ["trainable_parameters"] = parameters.Trainable.Sum(p => p.Count),
                ["classes"] = new JsonArray([.. loaded.Card.Classes.Select(c => (JsonNode)c)]),
                ["preprocessing"] = loaded.Card.Preprocessing?.DeepClone(),
                ["provenance"] = loaded.Card.Provenance.DeepClone(),
            };
            if (parsed.GetValue(tensors))
            {
                report["tensors"] = new JsonObject(parameters.All.Select(p =>
                    KeyValuePair.Create(p.Name!, (JsonNode?)Tensor.ShapeText(p.Shape))));
            }

            if (parsed.GetValue(json))
                JsonOutput.Write(report);
            else
                Print(report, "");
            return 0;
        });
        return command;
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
                Console.Out.WriteLine($"{indent}{key}: {(value is JsonArray list ? string.Join(", ", list) : value?.ToString() ?? "-")}");
            }
        }
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Studies.Comparison;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Cli.Studies;

/// <summary>A study whose runs take a fraction of a second.</summary>
internal sealed class TinyStudy : IDisposable
{
    private readonly TinyTask _task = new();

    public TinyStudy() => File.WriteAllText(FilePath, """
        { "name": "tiny", "lr": [0.02, 0.2], "seeds": [3, 4], "backbone": "backbone.safetensors",
          "options": { "epochs": 2, "batch": 4, "warmup_epochs": 0, "workers": 1 },
          "tasks": [{ "name": "halves", "group": "own", "data": "data" },
            { "name": "count", "group": "structured", "options": { "data_set": "procedural-count",
              "sample": "train12val8", "max_test": 8 } }],
          "methods": [{ "name": "linear", "options": { "drop_path": 0 } },
            { "name": "svp", "options": { "shared_layers": 3, "inner_width": 4 }, "tasks": ["halves"],
              "sweeps": { "svp_prompts": ["cross"] } }] }
        """);

    public string FilePath => At("tiny.json");

    /// <summary>All runs: linear on two tasks, svp and its sweep on one; two rates and two seeds each.</summary>
    public const int Runs = 4 * 4;

    /// <summary>Runs it. What its methods cost is known, which a measurement of some seconds would tell.</summary>
    public string[] Command(string output)
    {
        string costs = At(output, "costs.json");
        if (!File.Exists(costs))
        {
            var cost = new MethodCost(34, 4, 2, 0.01, 0.005, 1000, Once: false);
            var size = new TaskSize(2, 16, 8, 4);
            Directory.CreateDirectory(At(output));
            File.WriteAllText(costs, JsonSerializer.Serialize(
                new StudyCosts(
                    "cpu", new() { ["linear"] = cost, ["svp"] = cost, ["svp.svp_prompts-cross"] = cost },
                    new() { ["halves"] = size, ["count"] = size }), StudyTypes.Strict.StudyCosts));
        }

        return ["study", "run", FilePath, "--output", At(output), "--threads", "1"];
    }

    public string At(params string[] parts) => _task.At(parts);

    public TinyTask Task => _task;

    /// <summary>The records by name, without what differs between two runs of the same.</summary>
    public SortedDictionary<string, string> Records(string output)
    {
        var records = new SortedDictionary<string, string>(StringComparer.Ordinal);
        string root = At(output, "records");
        foreach (string file in Directory.GetFiles(root, "*.json", SearchOption.AllDirectories))
        {
            JsonObject record = (JsonObject)JsonNode.Parse(File.ReadAllText(file))!;
            string[] times = ["images_per_second", "seconds_per_step", "seconds", "finished", "step_peak_bytes"];
            foreach (string time in times)
                record.Remove(time);
            foreach (string own in new[] { "started", "device" })
                ((JsonObject)record["run"]!).Remove(own);
            records[Path.GetRelativePath(root, file)] = record.ToJsonString();
        }

        return records;
    }

    public StudyRecord Record(string output, string id) =>
        StudyRecord.Read(At(output, "records", id + ".json")) ?? throw new FileNotFoundException(id);

    public void Dispose() => _task.Dispose();
}

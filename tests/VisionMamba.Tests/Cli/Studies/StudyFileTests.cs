using System.Text.Json.Nodes;
using VisionMamba.Cli;
using VisionMamba.Cli.Recipes;
using VisionMamba.Cli.Studies.Comparison;
using VisionMamba.Tests.Data;

namespace VisionMamba.Tests.Cli.Studies;

public sealed class StudyFileTests : IDisposable
{
    private const string Small = """
    { "name": "s", "lr": [0.01, 0.1], "seeds": [0, 1], "tasks": [{ "name": "t", "group": "g",
      "options": { "data_set": "procedural-count" } }], "methods": [{ "name": "svp", "options": { "shared_layers": 2 },
      "sweeps": { "shared_layers": [1, 4] } }, { "name": "linear" }] }
    """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheSchemaIsThatOfTheKeysAndFlags() => Assert.Equal(
        StudySchema.Text(),
        File.ReadAllText(Path.Combine(Recipe.Folder, "studies", "study.schema.json")).ReplaceLineEndings("\n"));

    [Theory]
    [InlineData("quick")]
    [InlineData("transfer")]
    public void ShippedStudiesAreRead(string name)
    {
        StudyFile study = StudyFile.Load(name);
        Assert.Equal(name, study.Name);
        Assert.NotEmpty(study.Description);
        Assert.All(study.Methods.Where(m => m.Sweep is not null), m => Assert.Contains(
            study.Methods, own => own.Sweep is null && own.Name == m.Sweep!.Of && own.SweptKeys.Contains(m.Sweep.Key)));
    }

    [Fact]
    public void SweepsBecomeMethodsBehindTheOthers()
    {
        StudyFile study = Read(Small);
        Assert.Equal(
            ["svp", "linear", "svp.shared_layers-1", "svp.shared_layers-4"], study.Methods.Select(m => m.Name));
        StudyPlan plan = StudyPlan.Of(study, "b.safetensors", 64, new Dictionary<string, string>(), null, null);
        Assert.Equal(4 * 4, plan.Cells.Sum(c => c.Units.Count()));
        Assert.Equal(
            [
                "--method", "svp", "--data-set", "procedural-count", "--shared-layers", "4", "--render-size", "64",
                "--split-seed", "0", "--lr", "0.1", "--seed", "1",
            ], plan.Arguments(plan.Cells[3].Seeds[1], 0.1));
        Assert.Equal("2", StudyChoice.OwnValues(study, study.Methods[0])["shared_layers"]);
        Assert.Equal(
            ["svp", "svp.shared_layers-1", "svp.shared_layers-4"],
            StudyPlan.Of(study, "", 64, new Dictionary<string, string>(), null, ["svp"]).Cells.Select(
                c => c.Method.Name));
    }

    [Fact]
    public void SweepsThatTakeTheirMethodsRateTuneNoneAndBringItAlong()
    {
        StudyFile study = Read(Small.Replace("\"seeds\"", "\"sweep_lr\": \"method\", \"seeds\""));
        StudyPlan all = StudyPlan.Of(study, "", 64, new Dictionary<string, string>(), null, null);
        Assert.Equal(4 + 4 + 2 + 2, all.Cells.Sum(c => c.Units.Count()));
        Assert.Equal([null, null, all.Cells[0], all.Cells[0]], all.Cells.Select(c => c.RateFrom));
        Assert.Equal(
            ["svp", "svp.shared_layers-4"],
            StudyPlan.Of(study, "", 64, new Dictionary<string, string>(), null, ["svp.shared_layers-4"]).Cells.Select(
                c => c.Method.Name));
    }

    [Theory]
    [InlineData("\"seeds\"", "\"sead\"", "s.json: sead: is not known here; known are")]
    [InlineData("\"group\"", "\"grop\"", "tasks[0]: grop: is not known here")]
    [InlineData("\"sweeps\"", "\"sweep\"", "methods[0]: sweep: is not known here")]
    [InlineData("\"data_set\"", "\"dataset\"", "tasks[0].options: dataset: is not an option of svp train")]
    [InlineData("\"data_set\"", "\"lr\"", "tasks[0].options: lr: is decided by the study")]
    [InlineData(
        "\"shared_layers\": 2", "\"shared_layers\": 0", "methods[0].options: shared_layers: must be at least 1")]
    [InlineData("[1, 4]", "[1, 2]", "methods[0].sweeps: shared_layers: 2 is the method's own value")]
    [InlineData("[1, 4]", "[]", "methods[0].sweeps: shared_layers: must be an array that is not empty")]
    [InlineData("[0.01, 0.1]", "[0.01, -1]", "lr: must be different numbers above 0")]
    [InlineData("\"lr\"", "\"lr_beyond\": 11, \"lr\"", "lr_beyond: must be at most 10")]
    [InlineData("\"lr\"", "\"lr_beyond\": -1, \"lr\"", "lr_beyond: must be a whole number from 0 up")]
    [InlineData("\"lr\": [0.01, 0.1]", "\"lr_beyond\": 1, \"lr\": [0.01]", "lr_beyond: needs two rates in lr")]
    [InlineData("\"lr\"", "\"lr_beyond_within\": 1, \"lr\"", "lr_beyond_within: has no effect without lr_beyond")]
    [InlineData(
        "\"lr\"", "\"lr_beyond\": 1, \"lr_beyond_within\": -1, \"lr\"", "lr_beyond_within: must be a number from 0 up")]
    [InlineData("\"lr\"", "\"sweep_lr\": \"own\", \"lr\"", "sweep_lr: must be \"tuned\" or \"method\"")]
    [InlineData("[0, 1]", "[0, 0.5]", "seeds: must be whole numbers")]
    [InlineData("\"linear\"", "\"SVP\"", "methods[1]: method: 'SVP' is none of")]
    [InlineData("\"name\": \"linear\"", "\"name\": \"Svp\", \"method\": \"svp\"", "'svp' is there twice")]
    [InlineData("\"name\": \"t\"", "\"name\": \"../t\"", "tasks[0]: name: '../t' must be letters")]
    [InlineData("\"name\": \"s\"", "\"name\": \"s\", \"name\": \"s\"", "name: is given twice")]
    public void MistakesNameTheFileAndThePlace(string from, string to, string problem)
    {
        string message = Assert.Throws<VisionMambaException>(() => Read(Small.Replace(from, to))).Message;
        Assert.Contains(problem, message);
        Assert.Contains("s.json", message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void ASweepIsRefusedWhereItsMethodHasNoRateForIt()
    {
        JsonObject study = (JsonObject)JsonNode.Parse(Small)!;
        study["tasks"]!.AsArray().Add(new JsonObject { ["name"] = "u" });
        study["methods"]![0]!["tasks"] = new JsonArray("u");
        study["methods"]![0]!["sweep_tasks"] = new JsonArray("t", "u");
        Assert.Equal(4, Read(study.ToJsonString()).Methods.Count);
        study["sweep_lr"] = "method";
        Assert.Contains(
            "sweep_lr: the sweeps of 'svp' are tried on 't' and it is not",
            Assert.Throws<VisionMambaException>(() => Read(study.ToJsonString())).Message);
    }

    [Fact]
    public void APathCountsFromTheFile()
    {
        JsonObject study = (JsonObject)JsonNode.Parse(Small)!;
        study["backbone"] = "../b.safetensors";
        StudyFile read = Read(study.ToJsonString());
        Assert.Equal(Path.GetFullPath(_folder.At("../b.safetensors")), read.Relative(read.Backbone!));
        Assert.Contains("the studies are", Assert.Throws<UsageException>(() => StudyFile.Load("nothing")).Message);
    }

    private StudyFile Read(string text)
    {
        _folder.Write("s.json", text);
        return StudyFile.Load(_folder.At("s.json"));
    }
}

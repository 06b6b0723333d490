using System.CommandLine;
using System.Text.Json;
using VisionMamba.Cli;
using VisionMamba.Cli.Planning;
using VisionMamba.Cli.Recipes;
using VisionMamba.Cli.Verbs;
using VisionMamba.Data.Datasets;
using VisionMamba.Models;
using VisionMamba.Models.Prompting;
using VisionMamba.Tests.Data;

namespace VisionMamba.Tests.Cli;

[Collection(CommandLine.Collection)]
public sealed class RecipeTests(TinyRun run) : IClassFixture<TinyRun>
{
    public static TheoryData<string> Shipped => [.. Recipe.All.Select(r => r.Name)];

    [Fact]
    public void TheSchemaFileIsCurrent() => Assert.Equal(
        RecipeSchema.Text(TrainVerb.Create()).ReplaceLineEndings("\n"),
        File.ReadAllText(Path.Combine(Recipe.Folder, "recipe.schema.json")).ReplaceLineEndings("\n"));

    [Theory]
    [MemberData(nameof(Shipped))]
    public void EveryShippedRecipeIsTakenWhole(string name)
    {
        Recipe recipe = Recipe.Load(name);
        Command command = TrainVerb.Create();
        new RecipeOptions(command).Apply(recipe);
        Assert.Equal(name, Path.GetFileNameWithoutExtension(recipe.Path));
        Assert.NotEmpty(recipe.Description);
        Assert.NotEmpty(recipe.Source);
        Option[] options = [.. new RecipeOptions(command).ByKey.Where(o => recipe.Options.ContainsKey(o.Key)).Select(
            o => o.Value)];
        foreach (Setting setting in Setting.All(command.Parse([]), options, recipe))
        {
            Assert.Equal("recipe", setting.Origin);
            Assert.True(Same(recipe.Options[setting.Key], setting.Value!.Deserialize<JsonElement>()),
                $"{name}: {setting}");
        }
    }

    /// <summary>The arrays of the released train.sh, data set by data set, and the table of heads.</summary>
    [Theory]
    [InlineData("cub200", "CUB200", 200, 6e-3, 1e-4, 8, 0.8, 1.0, 0, false, 2)]
    [InlineData("cifar100", "CIFAR", 100, 5e-3, 1e-5, 12, 0.8, 1.0, 0, true, 1)]
    [InlineData("cifar10", "CIFAR10", 10, 5e-3, 1e-4, 8, 0.8, 1.0, 0, true, 1)]
    [InlineData("dtd", "DTD", 47, 6.5e-3, 1e-4, 4, 0.8, 1.0, 3407, false, 1)]
    [InlineData("dogs", "DOGS", 120, 5e-4, 1e-8, 12, 0.8, 1.0, 0, false, 1)]
    [InlineData("gtsrb", "GTSRB", 43, 1e-2, 1e-6, 6, 0.8, 1.0, 0, false, 1)]
    [InlineData("nabirds", "NABIRDS", 555, 1e-2, 0, 8, 0.8, 1.0, 0, false, 2)]
    [InlineData("svhn", "SVHN", 10, 1.5e-2, 1e-3, 12, 0, 0, 0, false, 1)]
    [InlineData("flowers", "FLOWERS", 102, 1.5e-2, 1e-4, 8, 0, 0, 0, true, 2)]
    [InlineData("food101", "FOOD", 101, 5e-3, 1e-4, 8, 0.8, 1.0, 0, false, 1)]
    public void RecipesHoldThePublishedNumbers(
        string name, string set, int classes, double lr, double decay, int shared, double mixup, double cutmix,
            int seed, bool simAm, int head)
    {
        Recipe recipe = Recipe.Load(name);
        double Number(string key) => recipe.Options[key].GetDouble();
        Assert.Equal((set, classes, simAm), (
            recipe.Options["data_set"].GetString(), recipe.Classes, recipe.Options["simam"].GetBoolean()));
        Assert.Equal((lr, decay, mixup, cutmix), (
            Number("lr"), Number("weight_decay"), Number("mixup"), Number("cutmix")));
        Assert.Equal((shared, seed, head, 64), (
            Number("shared_layers"), Number("seed"), Number("head_layers"), Number("inner_width")));
        Assert.Equal((100, 96, 5), (Number("epochs"), Number("batch"), Number("warmup_epochs")));
        Assert.Equal((0.1, 0.1, 0.25), (Number("label_smoothing"), Number("drop_path"), Number("reprob")));
        Assert.Equal("rand-m9-mstd0.5-inc1", recipe.Options["aa"].GetString());
        Assert.Equal("token", recipe.Options["cross_prompt_source"].GetString());
        DatasetCard card = DatasetCard.Of(set)!;
        // CIFAR has no validation part: a fifth is held out.
        double share = recipe.Options.TryGetValue("train_fraction", out JsonElement part) ? part.GetDouble()
            : set.StartsWith("CIFAR", StringComparison.Ordinal) ? 0.8 : 1;
        Assert.Equal(card.Classes, recipe.Classes);
        Assert.Contains(recipe.TrainImages!.Value, card.Train.Select(n => (int)(share * n)));
    }

    [Theory]
    [InlineData("cub200", 1_644_288)]
    [InlineData("cifar100", 1_496_064)]
    [InlineData("dtd", 2_088_960)]
    [MemberData(nameof(PaperCounts))]
    public void PromptParametersAreThePapersForVimSmall(string name, long expected)
    {
        Recipe recipe = Recipe.Load(name);
        // Width and depth of Vim-S decide; the mixer is made small to save time.
        VisionMambaConfig config =
            VisionMambaConfig.Presets["small"] with { Inner = 8, State = 1, Rank = 1, Classes = recipe.Classes ?? 10 };
        var settings = new System.Text.Json.Nodes.JsonObject
        {
            ["shared_layers"] = recipe.Options["shared_layers"].GetInt32(),
            ["inner_width"] = recipe.Options["inner_width"].GetInt32(),
        };
        Assert.Equal(expected, ParameterCounts.Of(
            new VisionMambaModel(config, TuningMethods.Create("svp", settings), 0).Parameters).Prompts);
    }

    public static TheoryData<string, long> PaperCounts()
    {
        var cases = new TheoryData<string, long>();
        foreach (Recipe recipe in Recipe.All)
        {
            // Cross: a linear layer a group of layers. Inner: two linear layers a layer. alpha a group, beta a layer.
            const long width = 384, depth = 24;
            long inner = recipe.Options["inner_width"].GetInt64(), groups =
                depth / recipe.Options["shared_layers"].GetInt64();
            long cross = groups * ((width * width) + width);
            long perLayer = (width * inner) + inner + (inner * width) + width;
            cases.Add(recipe.Name, cross + (depth * perLayer) + (groups * width) + (depth * width));
        }

        return cases;
    }

    [Theory]
    [InlineData("""{"name":"x","options":{"lr":-1}}""", "lr: must be above 0")]
    [InlineData("""{"name":"x","options":{"lr":"fast"}}""", "lr: must be a number")]
    [InlineData("""{"name":"x","options":{"epochs":1.5}}""", "epochs: must be an integer")]
    [InlineData("""{"name":"x","options":{"epochs":99999999999}}""", "epochs: ")]
    [InlineData("""{"name":"x","options":{"simam":1}}""", "simam: must be a boolean")]
    [InlineData("""{"name":"x","options":{"rate":1}}""", "rate: is not an option")]
    [InlineData("""{"name":"x","options":{"output":"here"}}""", "output: is not an option")]
    [InlineData("""{"name":"x","options":{"lr":1,"lr":2}}""", "lr: is given twice")]
    [InlineData(
        """{"name":"x","options":{"cross_prompt_source":"both"}}""",
        "cross_prompt_source: must be token or paired-halves")]
    [InlineData("""{"name":"x","options":{"position_class_token":"last"}}""", "position_class_token: ")]
    [InlineData("""{"name":"x","options":{},"comment":1}""", "comment: is not a key")]
    [InlineData("""{"name":"x"}""", "options: is missing")]
    [InlineData("""{"options":{}}""", "name: is missing")]
    [InlineData("""{"name":7,"options":{}}""", "name: must be a string")]
    [InlineData("""{"name":"x","options":[]}""", "options must be a JSON object")]
    [InlineData("""{"name":"x","options":{},"classes":0}""", "classes: must be a whole number")]
    [InlineData("""{"name":"x","options":{},"notes":"n"}""", "notes: must be an array")]
    [InlineData("""[]""", "must be a JSON object")]
    [InlineData("""{"name":""", "is not JSON")]
    [InlineData("", "is not JSON")]
    public void ABadRecipeIsRefusedInOneLineThatNamesFileAndKey(string text, string problem)
    {
        using var folder = new TemporaryFolder();
        folder.Write("bad.json", text);
        var error = Assert.Throws<VisionMambaException>(
            () => App.Invoke(["train", "--recipe", folder.At("bad.json"), "--dry-run", "--model", "tiny"]));
        Assert.StartsWith(folder.At("bad.json"), error.Message);
        Assert.Contains(problem, error.Message);
        Assert.DoesNotContain("\n", error.Message);
    }

    [Fact]
    public async Task WhatTheModelRefusesIsBlamedOnTheRecipe()
    {
        using var folder = new TemporaryFolder();
        folder.Write("bad.json", """{"name":"x","classes":3,"options":{"shared_layers":99,"lr":1}}""");
        ParseResult parsed = TrainVerb.Create().Parse(["--recipe", folder.At("bad.json")]);
        Assert.Equal($"{folder.At("bad.json")}: lr: must be less", RecipeFlag.Blame(parsed, "--lr: must be less"));
        Assert.Equal($"{folder.At("bad.json")}: shared_layers: svp: shared layers must be 1 to 24",
            RecipeFlag.Blame(parsed, "svp: shared layers must be 1 to 24"));
        Assert.Null(RecipeFlag.Blame(
            TrainVerb.Create().Parse(["--recipe", folder.At("bad.json"), "--lr", "2"]), "--lr: must be less"));
        Assert.Null(RecipeFlag.Blame(parsed, "--epochs: must be at least 1"));
        string[] arguments = ["train", "--recipe", folder.At("bad.json"), "--dry-run", "--model", "tiny",
            "--image-size", "32"];
        Assert.Equal(1, await App.RunAsync(arguments));
    }

    [Fact]
    public void AnUnknownNameListsTheRecipes()
    {
        var error = Assert.Throws<UsageException>(() => Recipe.Load("cub2000"));
        Assert.Contains("cub200,", error.Message);
    }

    [Fact]
    public void FlagsOverrideARecipeAndARecipeTheDefaults()
    {
        using var folder = new TemporaryFolder();
        folder.Write("r.json", """{"name":"x","options":{"lr":0.25,"epochs":7,"shared_layers":3}}""");
        RootCommand root = App.Root();
        ParseResult parsed = RecipeFlag.Parse(root, ["train", "--recipe", folder.At("r.json"), "--epochs", "9"]);
        IReadOnlyDictionary<string, Option> options = new RecipeOptions(parsed.CommandResult.Command).ByKey;
        var settings = Setting.All(parsed, options.Values, Recipe.Load(folder.At("r.json"))).ToDictionary(s => s.Key);
        Assert.Equal((0.25, "recipe"), ((double)settings["lr"].Value!, settings["lr"].Origin));
        Assert.Equal((9, "flag"), ((int)settings["epochs"].Value!, settings["epochs"].Origin));
        Assert.Equal((96, "default"), ((int)settings["batch"].Value!, settings["batch"].Origin));
        Assert.Equal((3, "recipe"), ((int)settings["shared_layers"].Value!, settings["shared_layers"].Origin));
    }

    /// <summary>Numbers just outside the range that the schema gives a key.</summary>
    public static IEnumerable<TheoryDataRow<string, double>> Outside() => RecipeRule.All.SelectMany(rule =>
    {
        (string key, RecipeRule r) = rule;
        double?[] outside = [r.OpenLeast ? r.Least : r.Least - 1, r.OpenMost ? r.Most : r.Most + 1];
        return outside.OfType<double>().Select(value => new TheoryDataRow<string, double>(key, value));
    });

    [Theory]
    [MemberData(nameof(Outside))]
    public void ANumberThatTheSchemaForbidsTheCommandLineForbidsToo(string key, double value)
    {
        IReadOnlyDictionary<string, Option> options = new RecipeOptions(TrainVerb.Create()).ByKey;
        string flag = "--" + key.Replace('_', '-');
        // The help of a method's flag begins with the methods that have it.
        string first = options[key].Description!.Split(',', ':')[0];
        string method = TuningMethods.All.Any(m => m.Name == first) ? first : key == "auto_budget" ? "auto" : "linear";
        // All other flags are right, and there is data: what is refused is the number.
        string[] arguments =
        [
            "train", "--output", run.At("none"), "--data", run.Data, "--backbone", run.Backbone,
            "--method", method, flag, value.ToString(System.Globalization.CultureInfo.InvariantCulture),
            .. RecipeOptions.IsList(options[key]) ? new[] { "0.5" } : [],
        ];
        Exception error = Record.Exception(() => App.Invoke(arguments))!;
        Assert.True(error is UsageException or VisionMambaException, $"{key}: {error}");
        Assert.Contains(flag, error.Message);
    }

    [Fact]
    public void EveryRuleIsOfAKey() => Assert.All(
        RecipeRule.All.Keys, key => Assert.Contains(key, new RecipeOptions(TrainVerb.Create()).ByKey.Keys));

    private static bool Same(JsonElement expected, JsonElement actual) => expected.ValueKind switch
    {
        JsonValueKind.Number => expected.GetDouble() == actual.GetDouble() || (float)expected.GetDouble() == (
            float)actual.GetDouble(),
        JsonValueKind.Array => expected.GetArrayLength() == actual.GetArrayLength()
            && expected.EnumerateArray().Zip(actual.EnumerateArray()).All(p => Same(p.First, p.Second)),
        _ => expected.GetRawText() == actual.GetRawText(),
    };
}

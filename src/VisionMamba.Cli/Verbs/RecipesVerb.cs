using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Recipes;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp recipes: the training recipes that come with the product.</summary>
internal static class RecipesVerb
{
    public static Command Create()
    {
        var list = new Command("list", "List the recipes.");
        var show = new Command("show", "Show a recipe: where its numbers come from, and all of them.");
        var schema = new Command("schema", "Print the JSON Schema of recipe files.");
        var name = new Argument<string>("NAME") { Description = "a recipe's name or a file" };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        list.Options.Add(json);
        show.Options.Add(json);
        show.Arguments.Add(name);
        list.SetAction(parsed => List(parsed.GetValue(json)));
        show.SetAction(parsed => Show(Recipe.Load(parsed.GetValue(name)!), parsed.GetValue(json)));
        schema.SetAction(_ => Console.Out.Write(RecipeSchema.Text(TrainVerb.Create())));
        return new Command("recipes", "Training recipes: the published ones, and for folders of your own.") { list,
            show, schema };
    }

    private static int List(bool json)
    {
        Recipe[] recipes = [.. Recipe.All];
        if (json)
        {
            JsonOutput.Write(new JsonArray([.. recipes.Select(r => (JsonNode)new JsonObject
            {
                ["name"] = r.Name,
                ["description"] = r.Description,
                ["path"] = r.Path,
            })]));
            return 0;
        }

        var table = new TextTable("recipe", "what");
        foreach (Recipe recipe in recipes)
            table.Add(recipe.Name, recipe.Description);
        table.Write(Console.Out);
        return 0;
    }

    private static int Show(Recipe recipe, bool json)
    {
        new RecipeOptions(TrainVerb.Create()).Apply(recipe);
        if (json)
        {
            JsonOutput.Write(JsonNode.Parse(File.ReadAllText(recipe.Path))!);
            return 0;
        }

        Console.Out.WriteLine($"{recipe.Name}: {recipe.Description}");
        Console.Out.WriteLine($"source: {recipe.Source}");
        foreach (string note in recipe.Notes)
            Console.Out.WriteLine($"note: {note}");
        foreach ((string key, JsonElement value) in recipe.Options)
            Console.Out.WriteLine($"  --{key.Replace('_', '-'),-22} {value.GetRawText()}");
        Console.Out.WriteLine($"file: {recipe.Path}");
        return 0;
    }
}

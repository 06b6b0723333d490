using System.Text.Json;

namespace VisionMamba.Cli.Recipes;

/// <summary>
/// Training options from a file: a JSON object whose "options" are the flags of svp train with '_' for '-'. They stand
/// for the flags that the command line does not give.
/// </summary>
/// <param name="Path">The file.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Description">One line.</param>
/// <param name="Source">Where the numbers come from.</param>
/// <param name="Classes">Classes of the data set it was made for; null when it is for any.</param>
/// <param name="TrainImages">Training images of that data set; null when it is for any.</param>
/// <param name="Notes">What a reader should know.</param>
/// <param name="Options">Values by key.</param>
internal sealed record Recipe(
    string Path, string Name, string Description, string Source, int? Classes, int? TrainImages,
    IReadOnlyList<string> Notes, IReadOnlyDictionary<string, JsonElement> Options)
{
    /// <summary>The keys beside the options, with what they hold.</summary>
    public static IReadOnlyDictionary<string, string> Keys { get; } = new Dictionary<string, string>
    {
        ["$schema"] = "for editors: recipe.schema.json",
        ["name"] = "what it is called",
        ["description"] = "one line",
        ["source"] = "where the numbers come from",
        ["classes"] = "classes of the data set it was made for",
        ["train_images"] = "training images of that data set",
        ["notes"] = "what a reader should know, one string each",
        ["options"] = "flags of svp train, '_' for '-'",
    };

    /// <summary>The folder of the recipes that come with the product.</summary>
    public static string Folder { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "recipes");

    /// <summary>The recipes that come with the product, by name.</summary>
    public static IEnumerable<Recipe> All => Shipped().Select(Read);

    /// <summary>The recipe of this name, or in this file.</summary>
    /// <exception cref="UsageException">There is no such recipe.</exception>
    /// <exception cref="VisionMambaException">The file is not a recipe.</exception>
    public static Recipe Load(string nameOrFile)
    {
        if (File.Exists(nameOrFile))
            return Read(nameOrFile);
        string? known = Shipped().FirstOrDefault(
            file => System.IO.Path.GetFileNameWithoutExtension(file).Equals(
                nameOrFile, StringComparison.OrdinalIgnoreCase));
        return known is not null
            ? Read(known)
            : throw new UsageException(
                $"--recipe {nameOrFile}: no such file and no recipe of this name; the recipes are "
                + string.Join(", ", Shipped().Select(System.IO.Path.GetFileNameWithoutExtension)));
    }

    private static IEnumerable<string> Shipped() => Directory.Exists(Folder)
        ? Directory.EnumerateFiles(Folder, "*.json").Where(f => !f.EndsWith(".schema.json", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
        : [];

    private static Recipe Read(string path)
    {
        JsonElement root;
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            root = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new VisionMambaException(
                $"{path}: is not JSON (line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}); "
                + "a recipe is a JSON object", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VisionMambaException($"{path}: cannot be read ({e.Message})", e);
        }

        return new RecipeReader(path).Read(root);
    }
}

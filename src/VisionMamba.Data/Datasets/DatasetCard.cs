using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace VisionMamba.Data.Datasets;

/// <summary>What is published about a data set, and which file goes where.</summary>
/// <param name="Title">The full name.</param>
/// <param name="Classes">How many classes.</param>
/// <param name="Train">Published numbers of training images; more than one where releases differ.</param>
/// <param name="Validation">The same of the validation part; empty where there is none.</param>
/// <param name="Test">The same of the labelled test part; empty where there is none.</param>
/// <param name="Source">Where the data set comes from.</param>
/// <param name="Layout">A drawing of the folders, a line each; DIR is what --data names.</param>
/// <param name="Notes">Choices of the released SVP code and oddities of the published files.</param>
/// <param name="PerClass">Images of every class by part ("train" ...), where all have as many.</param>
/// <param name="Get">What to do by hand, where nothing can be downloaded directly.</param>
public sealed record DatasetCard(
    string Title, int Classes, IReadOnlyList<int> Train, IReadOnlyList<int> Validation, IReadOnlyList<int> Test,
    string Source, IReadOnlyList<string> Layout, string Notes, IReadOnlyDictionary<string, int>? PerClass = null,
    string? Get = null)
{
    private static readonly Lazy<Dictionary<string, DatasetCard>> Cards =
        new(() => Resource("cards.json", DataJson.Default.DictionaryStringDatasetCard));

    /// <summary>The names that have a card: all but plain folders.</summary>
    public static IReadOnlyCollection<string> Names => Cards.Value.Keys;

    /// <summary>The card of a data set; null for plain folders and VPT JSON splits of one's own.</summary>
    /// <exception cref="VisionMambaException">The name is not known.</exception>
    public static DatasetCard? Of(string name) => Cards.Value.GetValueOrDefault(DatasetLoader.Canonical(name));

    /// <summary>The published numbers of images of a part.</summary>
    public IReadOnlyList<int> Published(string part) =>
        part switch { "train" => Train, "validation" => Validation, _ => Test };

    internal static Dictionary<string, T> Resource<T>(string name, JsonTypeInfo<Dictionary<string, T>> type)
    {
        using Stream stream = typeof(DatasetCard).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the assembly lacks the resource {name}");
        return JsonSerializer.Deserialize(stream, type)!;
    }
}

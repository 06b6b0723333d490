using System.Text.Json;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>A JSON object of a study file that knows where it stands, for messages.</summary>
internal sealed class StudyNode
{
    private readonly string _file, _at;

    /// <summary>The members of <paramref name="element"/>; with <paramref name="known"/> others are refused.</summary>
    public StudyNode(string file, string at, JsonElement element, IEnumerable<string>? known)
    {
        (_file, _at) = (file, at);
        if (element.ValueKind != JsonValueKind.Object)
            throw new VisionMambaException($"{Place}: must be a JSON object");
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!Members.TryAdd(property.Name, property.Value))
                throw Refused(property.Name, "is given twice");
        }

        if (known is not null && Members.Keys.FirstOrDefault(k => !known.Contains(k)) is { } unknown)
            throw Refused(unknown, $"is not known here; known are {string.Join(", ", known)}");
    }

    /// <summary>The file and the way to this object.</summary>
    public string Place => _at.Length == 0 ? _file : $"{_file}: {_at}";

    public Dictionary<string, JsonElement> Members { get; } = [];

    public bool Has(string key) => Members.ContainsKey(key);

    public VisionMambaException Refused(string key, string problem) => new($"{Place}: {key}: {problem}");

    public string? Text(string key) => !Members.TryGetValue(key, out JsonElement value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Refused(key, "must be a string");

    /// <summary>The object's name, which also names folders.</summary>
    public string Name()
    {
        string name = Text("name") ?? throw Refused("name", "is missing");
        return name.Length is > 0 and <= 60 && char.IsAsciiLetterOrDigit(name[0])
            && name.All(c => char.IsAsciiLetterOrDigit(c) || ".-_+".Contains(c)) ? name
            : throw Refused("name", $"'{name}' must be letters, digits, '.', '-', '_' and '+', 60 at most");
    }

    public long? Whole(string key) => !Members.TryGetValue(key, out JsonElement value) ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long whole) && whole >= 0
            ? whole : throw Refused(key, "must be a whole number from 0 up");

    public double? Number(string key) => !Members.TryGetValue(key, out JsonElement value) ? null
        : value.ValueKind == JsonValueKind.Number && value.GetDouble() is >= 0 and < double.PositiveInfinity
            ? value.GetDouble() : throw Refused(key, "must be a number from 0 up");

    /// <summary>An array with one member at least.</summary>
    public IReadOnlyList<JsonElement> Array(string key) =>
        Members.TryGetValue(key, out JsonElement value) && value.ValueKind == JsonValueKind.Array
            && value.GetArrayLength() > 0
            ? [.. value.EnumerateArray()] : throw Refused(key, "must be an array that is not empty");

    public IEnumerable<double> Numbers(string key) => Array(key).Select(v => v.ValueKind == JsonValueKind.Number
        ? v.GetDouble() : throw Refused(key, "must hold numbers"));

    public List<string> Texts(string key) => [.. Array(key).Select(v => v.ValueKind == JsonValueKind.String
        ? v.GetString()! : throw Refused(key, "must hold strings"))];

    public IEnumerable<StudyNode> Objects(string key, IEnumerable<string> known) => Array(key).Select(
        (v, i) => new StudyNode(_file, $"{Joined(key)}[{i}]", v, known));

    public StudyNode? Object(string key, IEnumerable<string>? known) =>
        Members.TryGetValue(key, out JsonElement value) ? new StudyNode(_file, Joined(key), value, known) : null;

    private string Joined(string key) => _at.Length == 0 ? key : $"{_at}.{key}";
}

using System.CommandLine;
using System.Text.Json.Nodes;

namespace VisionMamba.Cli.Recipes;

/// <summary>
/// An option's value whatever its type is: as JSON, and as a new default. The types are a closed list, so that a native
/// program has the code of each.
/// </summary>
internal abstract class OptionValue
{
    /// <summary>The value's access to <paramref name="option"/>.</summary>
    public static OptionValue Of(Option option) => option switch
    {
        Option<bool> o => new Typed<bool>(o, v => v),
        Option<int> o => new Typed<int>(o, v => v),
        Option<int?> o => new Typed<int?>(o, v => v),
        Option<long> o => new Typed<long>(o, v => v),
        Option<long?> o => new Typed<long?>(o, v => v),
        Option<ulong> o => new Typed<ulong>(o, v => v),
        Option<ulong?> o => new Typed<ulong?>(o, v => v),
        Option<float> o => new Typed<float>(o, v => v),
        Option<float?> o => new Typed<float?>(o, v => v),
        Option<double> o => new Typed<double>(o, v => v),
        Option<double?> o => new Typed<double?>(o, v => v),
        Option<string> o => new Typed<string>(o, v => v),
        Option<int[]> o => new Typed<int[]>(o, v => List(v, i => i)),
        Option<double[]> o => new Typed<double[]>(o, v => List(v, i => i)),
        Option<string[]> o => new Typed<string[]>(o, v => List(v, i => i)),
        _ => throw new InvalidOperationException(
            $"{option.Name}: options of type {option.ValueType} are not known here; add a line"),
    };

    /// <summary>The value that <paramref name="parsed"/> gives the option; null when it is not set.</summary>
    public abstract JsonNode? Read(ParseResult parsed);

    /// <summary>A value of the option's type, or null, as JSON.</summary>
    public abstract JsonNode? Node(object value);

    /// <summary>Makes the value that <paramref name="parsed"/> gives the option its default.</summary>
    public abstract void MakeDefault(ParseResult parsed);

    private static JsonArray? List<T>(T[]? values, Func<T, JsonNode> node) =>
        values is null ? null : new JsonArray([.. values.Select(node)]);

    private sealed class Typed<T>(Option<T> option, Func<T?, JsonNode?> node) : OptionValue
    {
        public override JsonNode? Read(ParseResult parsed) => node(parsed.GetValue(option));

        public override JsonNode? Node(object value) => node((T)value);

        public override void MakeDefault(ParseResult parsed)
        {
            T? value = parsed.GetValue(option);
            option.DefaultValueFactory = _ => value!;
        }
    }
}

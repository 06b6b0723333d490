using System.CommandLine;

namespace VisionMamba.Cli.Flags;

/// <summary>Makes options, and checks what several verbs ask of them.</summary>
internal static class Flag
{
    /// <summary>An option with a default.</summary>
    public static Option<T> Of<T>(string name, string description, T value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    /// <summary>Refuses a size that no image and no model has, or a number of nothing.</summary>
    public static void RequireAtLeast1(ParseResult parsed, params Option<int?>[] sizes) =>
        RequireAtLeast1(sizes.FirstOrDefault(option => parsed.GetValue(option) is < 1));

    /// <inheritdoc cref="RequireAtLeast1(ParseResult, Option{int?}[])"/>
    public static void RequireAtLeast1(ParseResult parsed, params Option<int>[] numbers) =>
        RequireAtLeast1(numbers.FirstOrDefault(option => parsed.GetValue(option) < 1));

    private static void RequireAtLeast1(Option? wrong)
    {
        if (wrong is not null)
            throw new UsageException($"{wrong.Name}: must be at least 1");
    }
}

using System.CommandLine;

namespace VisionMamba.Cli.Flags;

/// <summary>Makes options, and checks what several verbs ask of them.</summary>
internal static class Flag
{
    /// <summary>An option with a default.</summary>
    public static Option<T> Of<T>(string name, string description, T value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    /// <summary>Refuses a size that no image and no model has.</summary>
    public static void RequireAtLeast1(ParseResult parsed, params Option<int?>[] sizes)
    {
        if (sizes.FirstOrDefault(option => parsed.GetValue(option) is < 1) is { } wrong)
            throw new UsageException($"{wrong.Name}: must be at least 1");
    }
}

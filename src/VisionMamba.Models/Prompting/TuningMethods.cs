using System.Text.Json.Nodes;
using VisionMamba.Models.Prompting.Full;
using VisionMamba.Models.Prompting.Linear;
using VisionMamba.Models.Prompting.Svp;

namespace VisionMamba.Models.Prompting;

/// <summary>How a method enters the product.</summary>
/// <param name="Name">Its name on the command line and in files.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="FromSettings">
/// Makes it from saved settings or from the command line's; missing keys take defaults.
/// </param>
/// <param name="FromShapes">
/// Recognises it in a checkpoint without our metadata, by its parameters' names and shapes, or gives null.
/// </param>
public sealed record MethodRegistration(
    string Name, string Summary, Func<JsonObject, TuningMethod> FromSettings,
    Func<IReadOnlyDictionary<string, int[]>, VisionMambaConfig, TuningMethod?> FromShapes);

/// <summary>All tuning methods. A new one is a folder and a line here.</summary>
public static class TuningMethods
{
    /// <summary>The registered methods.</summary>
    public static IReadOnlyList<MethodRegistration> All { get; } =
    [
        new("svp", "selective visual prompting: cross and inner prompts on every token",
            SvpMethod.FromSettings, SvpMethod.FromShapes),
        new("linear", "linear probing: only the head trains", _ => new LinearMethod(), (_, _) => null),
        new("full", "full fine-tuning: everything trains", _ => new FullMethod(), (_, _) => null),
    ];

    /// <summary>
    /// Makes the method called <paramref name="name"/>; an unknown name is an error that lists the known ones.
    /// </summary>
    public static TuningMethod Create(string name, JsonObject settings)
    {
        MethodRegistration registration = All.FirstOrDefault(m => m.Name == name)
            ?? throw new VisionMambaException(
                $"unknown tuning method '{name}'; known are {string.Join(", ", All.Select(m => m.Name))}");
        return registration.FromSettings(settings);
    }
}

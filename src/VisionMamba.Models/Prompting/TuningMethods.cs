using System.Text.Json.Nodes;
using VisionMamba.Models.Prompting.Adapter;
using VisionMamba.Models.Prompting.AdditionalScan;
using VisionMamba.Models.Prompting.Affix;
using VisionMamba.Models.Prompting.BitFit;
using VisionMamba.Models.Prompting.Combined;
using VisionMamba.Models.Prompting.Full;
using VisionMamba.Models.Prompting.Linear;
using VisionMamba.Models.Prompting.Lora;
using VisionMamba.Models.Prompting.MixerParts;
using VisionMamba.Models.Prompting.Partial;
using VisionMamba.Models.Prompting.Pixels;
using VisionMamba.Models.Prompting.Svp;
using VisionMamba.Models.Prompting.Vpt;

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
        new("bitfit", "BitFit: the backbone's biases train", _ => new BitFitMethod(), (_, _) => null),
        new("partial", "partial fine-tuning: the last blocks and the final norm train",
            PartialMethod.FromSettings, (_, _) => null),
        new("vp", "visual prompting: a learned frame on the image", PixelPromptMethod.FromSettings, (_, _) => null),
        new("vpt-shallow", "visual prompt tuning: learned tokens beside the image's",
            settings => VptMethod.FromSettings(settings, deep: false), (_, _) => null),
        new("vpt-deep", "visual prompt tuning with new learned tokens before every block",
            settings => VptMethod.FromSettings(settings, deep: true), (_, _) => null),
        new("affix", "affix-tuning: learned tokens before both directions' scans",
            AffixMethod.FromSettings, (_, _) => null),
        new("lora", "LoRA: low-rank changes of projections or their parts", LoraMethod.FromSettings, (_, _) => null),
        new("adapter", "a bottleneck beside or after every mixer", AdapterMethod.FromSettings, (_, _) => null),
        new("additional-scan", "more states in every scan", AdditionalScanMethod.FromSettings, (_, _) => null),
        new("conv1d", "the convolutions' taps train", _ => MixerPartMethod.Conv1d(), (_, _) => null),
        new("a-tuning", "the scans' A trains", _ => MixerPartMethod.A(), (_, _) => null),
        new("d-tuning", "the scans' skip weights D train", _ => MixerPartMethod.D(), (_, _) => null),
    ];

    /// <summary>
    /// Makes the method called <paramref name="name"/>, or the combination of several joined by "+", whose settings
    /// nest under their names; an unknown name is an error that lists the known ones.
    /// </summary>
    public static TuningMethod Create(string name, JsonObject settings)
    {
        string[] names = name.Split('+');
        return names.Length == 1
            ? Find(name).FromSettings(settings)
            : new CombinedMethod([.. names.Select(n => Find(n).FromSettings(settings[n] as JsonObject ?? []))]);
    }

    private static MethodRegistration Find(string name) => All.FirstOrDefault(m => m.Name == name)
        ?? throw new VisionMambaException(
            $"unknown tuning method '{name}'; known are {string.Join(", ", All.Select(m => m.Name))}, and several "
            + "joined by '+'");
}

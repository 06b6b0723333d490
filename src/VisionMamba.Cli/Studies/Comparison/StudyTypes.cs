using System.Text.Json;
using System.Text.Json.Serialization;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Studies.Automatic;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>Serialisers of a study's records and costs, made at compile time.</summary>
[JsonSerializable(typeof(StudyRecord))]
[JsonSerializable(typeof(StudyCosts))]
[JsonSerializable(typeof(AutoPlan))]
internal sealed partial class StudyTypes : JsonSerializerContext
{
    /// <summary>What is missing, null where it must not be, or not known is an error.</summary>
    public static StudyTypes Strict { get; } = new(new JsonSerializerOptions
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JsonOutput.Options.Encoder,
    });
}

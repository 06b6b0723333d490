using System.Text.Json.Serialization;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Downloads;

namespace VisionMamba.Data;

/// <summary>Serialisers of the published facts about data sets, made at compile time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Dictionary<string, DatasetCard>))]
[JsonSerializable(typeof(Dictionary<string, DownloadItem[]>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class DataJson : JsonSerializerContext;

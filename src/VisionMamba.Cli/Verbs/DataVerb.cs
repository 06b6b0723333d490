using System.CommandLine;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp data: what can be done with a data set without a model.</summary>
internal static class DataVerb
{
    public static Command Create() => new("data", "Check, download and preview data sets.")
    {
        DataCheckVerb.Create(), DataDownloadVerb.Create(), DataPreviewVerb.Create(),
    };
}

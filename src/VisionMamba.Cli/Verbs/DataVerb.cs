using System.CommandLine;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp data: data sets on disk.</summary>
internal static class DataVerb
{
    public static Command Create() => new("data", "Check and download data sets.")
    {
        DataCheckVerb.Create(), DataDownloadVerb.Create(),
    };
}

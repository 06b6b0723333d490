using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Downloads;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp data download: brings a data set's published files into the layout that --data-set expects.</summary>
internal static class DataDownloadVerb
{
    public static Command Create()
    {
        var command = new Command(
            "download", "Download a data set: resumable, verified by checksum, unpacked into the expected layout.");
        var name = new Argument<string>("NAME") { Description = DatasetLoader.NamesInWords };
        var output = new Option<string?>("--output")
        {
            Description = "folder that --data will name",
            HelpName = "DIR",
        };
        var mirror = new Option<string?>("--url-base")
        {
            Description = "take the files from URL/NAME/FILE instead of their own address",
            HelpName = "URL",
        };
        var only = new Option<string?>("--only") { Description = "splits (lists of images) or images" };
        var keep = new Option<bool>("--keep-archives") { Description = "leave the archives beside what was unpacked" };
        var list = new Option<bool>("--list") { Description = "print addresses and checksums; download nothing" };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        command.Arguments.Add(name);
        foreach (Option option in new Option[] { output, mirror, only, keep, list, json })
            command.Options.Add(option);
        command.SetAction(async parsed =>
        {
            string dataSet = parsed.GetValue(name)!;
            DataFlags.Check(dataSet, new DatasetOptions(), name.Name);
            if (parsed.GetValue(only) is { } group and not ("splits" or "images"))
                throw new UsageException($"--only {group}: give splits or images");
            var options = new DownloadOptions(
                Mirror(parsed.GetValue(mirror)), parsed.GetValue(only), parsed.GetValue(keep));
            if (parsed.GetValue(list))
                return List(dataSet, parsed.GetValue(json));
            string folder = parsed.GetValue(output) ?? throw new UsageException("--output DIR is missing");
            using var interrupt = new Interrupt();
            using var download = new DatasetDownload();
            using var progress = new Progress();
            IReadOnlyList<string> files = await download.RunAsync(dataSet, folder, options, progress, interrupt.Token);
            progress.Dispose();
            Report(dataSet, folder, files, parsed.GetValue(json));
            return 0;
        });
        return command;
    }

    private static Uri? Mirror(string? text)
    {
        if (text is null)
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            ? uri : throw new UsageException($"--url-base {text}: is not an http or https address");
    }

    private static int List(string dataSet, bool json)
    {
        if (json)
        {
            JsonOutput.Write(new JsonObject
            {
                ["data_set"] = dataSet,
                ["files"] = new JsonArray([.. DownloadItem.Of(dataSet).Select(item => (JsonNode)new JsonObject
                {
                    ["url"] = item.Url.ToString(),
                    ["checksum"] = item.Checksum.ToString(),
                    ["path"] = Path.Combine(item.To, item.FileName),
                    ["unpacked"] = item.Unpack,
                })]),
                ["by_hand"] = DatasetCard.Of(dataSet)?.Get,
            });
            return 0;
        }

        foreach (DownloadItem item in DownloadItem.Of(dataSet))
            Console.Out.WriteLine($"{item.Url} {item.Checksum} -> {Path.Combine(item.To, item.FileName)}"
                + (item.Unpack ? " (unpacked)" : ""));
        if (DatasetCard.Of(dataSet)?.Get is { } get)
            Console.Out.WriteLine($"by hand: {get}");
        return 0;
    }

    private static void Report(string dataSet, string folder, IReadOnlyList<string> files, bool json)
    {
        string? rest = DatasetCard.Of(dataSet)?.Get;
        if (json)
        {
            JsonOutput.Write(new JsonObject
            {
                ["data_set"] = dataSet,
                ["folder"] = folder,
                ["new"] = new JsonArray([.. files.Select(file => JsonValue.Create(file))]),
                ["by_hand"] = rest,
            });
            return;
        }

        Console.Out.WriteLine(files.Count == 0
            ? $"{dataSet}: everything was there already" : $"{dataSet}: {files.Count} new files in {folder}, verified");
        if (rest is not null)
            Console.Out.WriteLine($"Still to do by hand: {rest}");
        Console.Out.WriteLine($"Check it with: svp data check --data-set {dataSet} --data {folder}");
    }

    private sealed class Progress : IDownloadProgress, IDisposable
    {
        private readonly CountProgress _lines = new("");
        private string _what = "";

        public void Begin(string file, string what)
        {
            _what = $"{what} {file}";
            _lines.Show(_what, now: true);
        }

        public void Step(long done, long total) => _lines.Show(
            _what.StartsWith("unpack", StringComparison.Ordinal) ? $"{_what}: {done:N0} files"
            : total > 0 ? $"{_what}: {done / 1e6:N1} of {total / 1e6:N1} MB ({(double)done / total:P0})"
            : $"{_what}: {done / 1e6:N1} MB");

        public void Dispose() => _lines.Dispose();
    }
}

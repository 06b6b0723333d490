using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Devices;
using VisionMamba.Cli.Explaining;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Images;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Explaining;
using VisionMamba.Tensors;
using VisionMamba.Tensors.Files;
using VisionMamba.Training;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp explain: what a model's scans do with an image, with and without its tuning method.</summary>
internal static class ExplainVerb
{
    // A folder may be called anything else.
    private static readonly string[] s_notWritten = [".svg", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".pdf"];

    public static Command Create()
    {
        var command = new Command(
            "explain", "Show what a model does with images: gates, contributions to the class token, prompts.");
        var checkpoint = new CheckpointFlags();
        var device = new DeviceFlags();
        var images = new Argument<string[]>("IMAGES") { Description = "image files", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string>("--output")
        {
            Description = "a .png (one image), a .html with all of them, or a folder for both",
            HelpName = "DIR|FILE",
            Required = true,
        };
        var target = new Option<string?>("--class")
        {
            Description = "class to explain, by name or index (default: the model's answer)",
            HelpName = "NAME",
        };
        var json = new Option<bool>("--json") { Description = "print the numbers as JSON" };
        command.Arguments.Add(images);
        checkpoint.AddTo(command);
        var badImage = new BadImageFlag();
        foreach (Option option in new Option[] { output, target, badImage.Flag, json })
            command.Options.Add(option);
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            IReadOnlyList<string> paths = ImageFiles.Of(parsed.GetValue(images)!);
            UnreadableImages unreadable = badImage.Read(parsed);
            string to = parsed.GetValue(output)!, ending = Path.GetExtension(to).ToLowerInvariant();
            if (ending == ".png" && paths.Count > 1)
                throw new UsageException(
                    $"--output {to}: holds one image; give a .html or a folder for {paths.Count}");
            if (s_notWritten.Contains(ending))
                throw new UsageException($"--output {to}: {ending} is not written; give a .png, a .html or a folder");
            using Backend backend = device.Open(parsed);
            LoadedModel loaded = checkpoint.Load(parsed);
            int? index = Class(parsed.GetValue(target), loaded);
            var transform = new EvalTransform(PreprocessingJson.Of(loaded, checkpoint.Path(parsed)));
            var skipped = new JsonArray();
            var explained = new List<ExplainedImage>();
            foreach (string path in paths)
            {
                RgbImage image = unreadable.Load(path);
                if (unreadable.Report(path) is { } error)
                    skipped.Add((JsonNode)new JsonObject { ["path"] = path, ["error"] = error });
                else
                    explained.Add(Explain(path, transform, image, loaded, backend, index));
            }

            if (explained.Count == 0)
                throw new VisionMambaException("none of the images can be read");
            IReadOnlyList<string> files = Write(to, ending, explained, checkpoint.Path(parsed), loaded);
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(new JsonObject
                {
                    ["files"] = new JsonArray([.. files.Select(f => (JsonNode)f)]),
                    ["images"] = new JsonArray([.. explained.Select(e => (JsonNode)ExplainReport.Json(e))]),
                    ["skipped"] = skipped,
                });
            }
            else
            {
                foreach (string file in files)
                    Console.Out.WriteLine(file);
            }

            return skipped.Count == 0 ? 0 : 1;
        });
        return command;
    }

    private static ExplainedImage Explain(
        string path, EvalTransform transform, RgbImage image, LoadedModel loaded, Backend backend, int? index)
    {
        float[] pixels = new float[3 * transform.Size * transform.Size];
        transform.Apply(image, pixels);
        Console.Error.WriteLine($"explaining {path}");
        Explanation with = Explainer.Explain(loaded.Model, backend, pixels, index);
        Explanation? without = loaded.Model.Method.AddsParameters
            ? Explainer.Explain(Explainer.WithoutMethod(loaded.Model), backend, pixels, with.Class) : null;
        return new ExplainedImage(path, transform.Crop(image), with, without, Name(with.Class, loaded));
    }

    private static int? Class(string? word, LoadedModel loaded)
    {
        if (word is null)
            return null;
        int at = loaded.Card.Classes.ToList().IndexOf(word);
        if (at < 0 && int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            at = number < loaded.Model.Config.Classes ? number : -1;
        return at >= 0 ? at : throw new UsageException(
            $"--class {word}: is neither a class nor an index below {loaded.Model.Config.Classes}; see svp inspect");
    }

    private static string Name(int index, LoadedModel loaded) =>
        index < loaded.Card.Classes.Count ? loaded.Card.Classes[index] : $"class {index}";

    private static List<string> Write(
        string to, string ending, List<ExplainedImage> explained, string checkpoint, LoadedModel loaded)
    {
        List<(ExplainedImage Image, byte[] Png)> sheets = [.. explained.Select(e => (e, ExplainSheet.Png(e)))];
        var files = new List<string>();
        void Save(string file, byte[] content)
        {
            AtomicFile.Write(file, stream => stream.Write(content));
            files.Add(file);
        }

        if (ending is ".png")
        {
            Save(to, sheets[0].Png);
            return files;
        }

        string html = ExplainReport.Html(
            sheets,
            $"{Path.GetFileName(checkpoint)}: {loaded.Model.Method.Name}, {loaded.Model.Config.Depth} blocks of "
            + $"width {loaded.Model.Config.Dim}");
        if (ending is ".html" or ".htm")
        {
            Save(to, Encoding.UTF8.GetBytes(html));
            return files;
        }

        for (int i = 0; i < sheets.Count; i++)
        {
            string name = Path.GetFileNameWithoutExtension(sheets[i].Image.Path);
            Save(Path.Combine(to, $"{i + 1:D2}-{name}.png"), sheets[i].Png);
        }

        Save(Path.Combine(to, "explain.html"), Encoding.UTF8.GetBytes(html));
        return files;
    }
}

using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Datasets;
using VisionMamba.Data.Images;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp data preview: a contact sheet of what training sees.</summary>
internal static class DataPreviewVerb
{
    private const int Thumbnail = 160, MostColumns = 8;

    public static Command Create()
    {
        var command = new Command("preview", "Write a contact sheet of augmented training images.");
        var data = new DataFlags();
        var augment = new AugmentFlags();
        var output = new Option<string>("--output") { Description = "PNG file", Required = true, HelpName = "FILE" };
        Option<int> count = Number("--count", "images, one a row (8 where they are alone)", 4);
        Option<int> samples = Number("--samples", "samples an image, 0 for the images alone", 6);
        Option<int> size = Number("--image-size", "side of the model's input", 224);
        Option<ulong> seed = Number("--seed", "decides everything random, as in training", 0UL);
        Option<double> scale = Number("--crop-scale", "least share of the picture in a random crop", 0.08);
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        Option[] own = [output, count, samples, size, seed, scale, json];
        foreach (Option option in data.All.Concat(augment.All).Concat(own))
            command.Options.Add(option);
        command.SetAction(parsed =>
        {
            AugmentOptions options = augment.Read(parsed);
            int rows = AtLeast(1, parsed, count), columns = AtLeast(0, parsed, samples);
            int side = AtLeast(1, parsed, size);
            if (!(parsed.GetValue(scale) is > 0 and <= 1))
                throw new UsageException("--crop-scale: must be above 0 and at most 1");
            if (!parsed.GetValue(output)!.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
                throw new UsageException($"--output {parsed.GetValue(output)}: must end in .png");
            ImageDataset train = DataFlags.LoadReadable(data.Read(parsed, parsed.GetValue(seed))).Train;
            var preview = new AugmentPreview(
                Preprocessing.ImageNet(side), options, parsed.GetValue(scale), parsed.GetValue(seed));
            string file = parsed.GetValue(output)!;
            PictureSheet.Write(
                file, preview.Rows(train, rows, columns), columns == 0 ? Math.Min(rows, MostColumns) : columns + 1,
                Thumbnail);
            if (parsed.GetValue(json))
                JsonOutput.Write(new JsonObject
                {
                    ["file"] = file,
                    ["images"] = Math.Min(rows, train.Count),
                    ["samples"] = columns,
                });
            else
                Console.Out.WriteLine(file);
            return 0;
        });
        return command;
    }

    private static int AtLeast(int least, ParseResult parsed, Option<int> option) =>
        parsed.GetValue(option) is var n && n >= least
            ? n : throw new UsageException($"{option.Name}: must be at least {least}");

    private static Option<T> Number<T>(string name, string description, T value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };
}

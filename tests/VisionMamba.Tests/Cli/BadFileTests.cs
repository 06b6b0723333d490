using System.Text.Json.Nodes;

namespace VisionMamba.Tests.Cli;

/// <summary>
/// Files that are missing, empty, cut short or of another kind, given to each verb that reads them: exit code 1, one
/// line that names the file, nothing on stdout, nothing written.
/// </summary>
[Collection(CommandLine.Collection)]
public sealed class BadFileTests(TinyRun run) : IClassFixture<TinyRun>
{
    private static readonly string[] s_breaks =
        ["missing", "folder", "empty", "start", "half", "short", "long", "text"];

    public static TheoryData<string, string> Checkpoints()
    {
        string[] lines =
        [
            "inspect --checkpoint BAD", "predict --checkpoint BAD PICTURE",
            "evaluate --checkpoint BAD --data DATA --output OUT",
            "train --backbone BAD --data DATA --output OUT", "export --checkpoint BAD --output OUT.pth",
            "pack create --checkpoint BAD --output OUT.safetensors", "train --resume-from BAD --data DATA --output OUT",
            "train --backbone BACKBONE --data DATA --output OUT --inner-width 8 --shared-layers 2 --distillation soft "
                + "--teacher BAD",
            "train --seeds 2 --backbone BAD --data DATA --output OUT",
            "tune --trials 1 --backbone BAD --data DATA --output OUT",
        ];
        var all = new TheoryData<string, string>();
        foreach (string line in lines)
        {
            foreach (string how in s_breaks)
                all.Add(line, how);
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void ACheckpoint(string line, string how) => Refused(line, Break(run.Checkpoint, how, "bad.safetensors"));

    /// <summary>
    /// A zip archive is found from its end: bytes after it are a comment to most readers, so that is no fault.
    /// </summary>
    public static IEnumerable<TheoryDataRow<string, string>> Archives() =>
        Checkpoints().Where(row => row.Data.Item2 != "long");

    [Theory]
    [MemberData(nameof(Archives))]
    public void ATorchArchive(string line, string how)
    {
        if (!File.Exists(run.At("whole.pth")))
            CommandLine.Succeed("export", "--checkpoint", run.Checkpoint, "--output", run.At("whole.pth"));
        Refused(line, Break(run.At("whole.pth"), how, "bad.pth"));
    }

    public static TheoryData<string, string> Packs()
    {
        var all = new TheoryData<string, string>();
        foreach (string how in s_breaks)
        {
            all.Add("predict --backbone BACKBONE --pack BAD PICTURE", how);
            all.Add("evaluate --backbone BACKBONE --pack BAD --data DATA --output OUT", how);
            all.Add("export --backbone BACKBONE --pack BAD --output OUT.pth", how);
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(Packs))]
    public void APack(string line, string how) => Refused(line, Break(run.At("svp/pack.safetensors"), how, "bad.pack"));

    public static TheoryData<string> Recipes =>
    [
        "", "{\"name\":\"x\",\"opt", "[]", "null", "3", "\u0001", "{\"options\":{}}", "{\"name\":\"x\"}",
        "{\"name\":\"x\",\"options\":[]}", "{\"name\":\"x\",\"name\":\"y\",\"options\":{}}",
        "{\"name\":\"x\",\"options\":{\"epochs\":1,\"epochs\":2}}", "{\"name\":\"x\",\"options\":{\"frob\":1}}",
        "{\"name\":\"x\",\"options\":{\"epochs\":\"1\"}}", "{\"name\":\"x\",\"options\":{\"epochs\":0}}",
        "{\"name\":\"x\",\"options\":{\"epochs\":99999999999}}",
        "{\"name\":\"x\",\"options\":{\"on_bad_image\":\"perhaps\"}}",
        "{\"name\":\"x\",\"options\":{\"data_set\":\"nonsense\"}}",
        "{\"name\":\"x\",\"options\":{\"aa\":\"nonsense\"}}",
        "{\"name\":\"x\",\"options\":{\"cutmix_minmax\":[0.2]}}", "{\"name\":\"x\",\"options\":{\"lr\":1e999}}",
        "{\"name\":\"x\",\"classes\":-1,\"options\":{}}", "{\"name\":\"x\",\"options\":{\"inner_width\":2000000000}}",
    ];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void ARecipe(string text)
    {
        run.Write("bad.json", text);
        Refused("train --recipe BAD --data DATA --backbone BACKBONE --output OUT", run.At("bad.json"));
    }

    /// <summary>What is set in run.json, by path; "-" takes it away.</summary>
    public static TheoryData<string, string> Settings => new()
    {
        { "verb", "-" }, { "verb", "3" }, { "verb", "null" }, { "data", "-" }, { "data", "null" }, { "data", "[]" },
        { "data.Folder", "-" }, { "data.Folder", "null" }, { "data.SelectOn", "null" }, { "options", "-" },
        { "options", "\"x\"" }, { "options.Epochs", "-1" }, { "options.Epochs", "\"x\"" }, { "options.Opt", "\"x\"" },
        { "options.Opt", "null" }, { "options.Augment", "null" }, { "options.OptBetas", "null" },
        { "data.OnBadImage", "\"x\"" }, { "counts", "-" }, { "counts.train", "null" },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public void TheSettingsOfARun(string path, string value)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllText(run.At("svp/run.json")))!;
        string[] keys = path.Split('.');
        var holder = (JsonObject)keys[..^1].Aggregate(root, (node, key) => node[key]!);
        if (value == "-")
            holder.Remove(keys[^1]);
        else
            holder[keys[^1]] = JsonNode.Parse(value);
        string folder = Copied();
        File.WriteAllText(folder + "/run.json", root.ToJsonString());
        RefusedToResume(folder, "run.json");
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("start")]
    [InlineData("half")]
    [InlineData("short")]
    [InlineData("text")]
    public void AFileOfARun(string how)
    {
        foreach (string name in new[] { "run.json", "last.safetensors" })
        {
            string folder = Copied();
            File.Copy(Break(run.At("svp/" + name), how, "broken"), $"{folder}/{name}", overwrite: true);
            RefusedToResume(folder, name);
        }

        string listed = Copied();
        File.Copy(Break(run.At("svp/run.json"), how, "broken"), listed + "/run.json", overwrite: true);
        foreach (string line in new[] { "runs list BAD", "runs compare BAD SVP", "runs plot BAD --output OUT.png" })
            Refused(line, listed, names: "run.json");
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"Kind\":\"seeds\",\"Common\":null,\"Runs\":null}")]
    [InlineData("{\"Kind\":\"seeds\",\"Common\":[],\"Runs\":[null]}")]
    public void AStudy(string text)
    {
        run.Write("study/study.json", text);
        Refused("train --resume --output BAD", run.At("study"), names: "study.json");
        Refused("tune --resume --output BAD", run.At("study"), names: "study.json");
    }

    [Fact]
    public void DataThatIsNoLongerWhatARunBeganWith()
    {
        string data = run.At("changing"), folder = run.At("changed");
        foreach (string file in Directory.GetFiles(run.Data, "*.png", SearchOption.AllDirectories))
        {
            string to = data + file[run.Data.Length..];
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        CommandLine.Succeed([.. run.TrainArguments("changed").Select(word => word == run.Data ? data : word)]);
        string extra = data + "/train/zebra/1.png";
        Directory.CreateDirectory(Path.GetDirectoryName(extra)!);
        File.Copy(run.Picture, extra);
        RefusedToResume(folder, "3 classes");
        Directory.Delete(Path.GetDirectoryName(extra)!, recursive: true);
        File.Delete(Directory.GetFiles(data + "/train", "*.png", SearchOption.AllDirectories)[0]);
        RefusedToResume(folder, "images, the run began with");
    }

    public static TheoryData<string, string> Annotations => new()
    {
        { "", "is not valid JSON" }, { "{\"1.png\":0,", "is not valid JSON" }, { "[]", "is not a JSON object" },
        { "{}", "lists no images" }, { "{\"1.png\":0.5,\"2.png\":1}", "class id of \"1.png\"" },
        { "{\"1.png\":null}", "class id of \"1.png\"" }, { "{\"1.png\":0,\"none.png\":1}", "none.png" },
        { "{\"1.png\":0,\"1.png\":1,\"2.png\":1}", "\"1.png\" twice" }, { "{\"1.png\":0,\"2.png\":\"a\"}", "partly" },
    };

    [Theory]
    [MemberData(nameof(Annotations))]
    public void AnAnnotation(string text, string names)
    {
        run.Write("vpt/train.json", text);
        run.Write("vpt/val.json", "{\"1.png\":0,\"2.png\":1}");
        foreach (string picture in new[] { "1.png", "2.png" })
            File.Copy(run.Picture, run.At("vpt/" + picture), overwrite: true);
        Refused("train --backbone BACKBONE --data BAD --output OUT", run.At("vpt"), names);
        run.Write("vpt/train.json", "{\"1.png\":0,\"2.png\":1}");
        run.Write("vpt/test.json", "{\"1.png\":7}");
        Refused("train --backbone BACKBONE --data BAD --output OUT", run.At("vpt"), "class id 7");
    }

    private void RefusedToResume(string folder, string names)
    {
        string[] before = Content(folder);
        Refused("train --resume --output BAD", folder, names);
        Assert.Equal(before, Content(folder));
    }

    private void Refused(string line, string bad, string? names = null)
    {
        CommandResult result = CommandLine.Run([.. line.Split(' ').Select(word => Place(word, bad))]);
        Assert.True(result.Code == 1, $"{line}: exit code {result.Code}: {result.Log}");
        Assert.Empty(result.Output);
        string last = result.Log.TrimEnd('\n').Split('\n')[^1];
        Assert.StartsWith("svp: ", last, StringComparison.Ordinal);
        Assert.Contains(names ?? Path.GetFileName(bad), last, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Log, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(run.At("."), "OUT*"));
        Assert.Empty(Directory.GetFiles(run.At("."), "*.tmp", SearchOption.AllDirectories));
    }

    private string Place(string word, string bad) => word switch
    {
        "BAD" => bad,
        "DATA" => run.Data,
        "BACKBONE" => run.Backbone,
        "PICTURE" => run.Picture,
        "SVP" => run.At("svp"),
        _ => word.StartsWith("OUT", StringComparison.Ordinal) ? run.At(word) : word,
    };

    private string Break(string file, string how, string name)
    {
        string to = run.At($"{how}-{name}");
        byte[] bytes = File.ReadAllBytes(file);
        if (how == "folder")
            Directory.CreateDirectory(to);
        else if (how != "missing")
            File.WriteAllBytes(to, how switch
            {
                "empty" => [],
                "start" => bytes[..10],
                "half" => bytes[..(bytes.Length / 2)],
                "short" => bytes[..^2],
                "long" => [.. bytes, 1, 2],
                _ => "a text, and no other thing than a text"u8.ToArray(),
            });
        return to;
    }

    /// <summary>A copy of the run whose result is still to be written.</summary>
    private string Copied()
    {
        string folder = run.At("copy");
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(run.At("svp")))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        File.Delete(folder + "/result.json");
        return folder;
    }

    private static string[] Content(string folder)
    {
        string Hash(string file) => Convert.ToHexString(
            System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)));
        return [.. Directory.GetFiles(folder).Order().Select(f => f + Hash(f))];
    }
}

using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Models.Prompting;
using VisionMamba.Tests.Support;

namespace VisionMamba.Tests.Cli;

/// <summary>
/// Published programs answer as the built one does, to the bit. SVP_PUBLISHED names their folders, separated as those
/// in PATH; .ci/run publishes a ReadyToRun and a NativeAOT one.
/// </summary>
public sealed class PublishedProgramTests
{
    public static TheoryData<string> Published() =>
        [.. (Environment.GetEnvironmentVariable("SVP_PUBLISHED") ?? "").Split(Path.PathSeparator)];

    [Theory]
    [MemberData(nameof(Published))]
    public async Task PredictsTheSameBits(string folder)
    {
        string program = Program(folder);
        using var task = new TinyTask();
        string model = task.At("tiny.safetensors"), picture = task.At("picture.jpg");
        var tiny = new VisionMambaModel(VisionMambaConfig.Presets["tiny"], TuningMethods.Create("svp", []), seed: 1);
        ModelFile.Save(model, tiny, new ModelCard());
        File.Copy(Path.Combine(ReferenceData.Fixtures, "preprocess", "images", "photo.jpg"), picture);
        string[] predict = ["predict", "--checkpoint", model, picture, "--json", "--logits"];
        Assert.Equal(
            (await SvpProcess.Succeed(SvpProcess.Built, predict)).Output,
            (await SvpProcess.Succeed(program, predict)).Output);
    }

    [Theory]
    [MemberData(nameof(Published))]
    public async Task TrainsAndResumesToTheSameBits(string folder)
    {
        string program = Program(folder);
        using var task = new TinyTask();
        string built = task.At("built"), published = task.At("published");
        await SvpProcess.Succeed(SvpProcess.Built, ["train", .. task.Train, "--output", built]);
        await SvpProcess.Succeed(program, ["train", .. task.Train, "--output", published]);
        foreach (string file in new[] { "last.safetensors", "best.safetensors" })
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(built, file)), File.ReadAllBytes(Path.Combine(published, file)));
        // Everything that goes through JSON, native libraries or the parser's types, in one pass.
        await SvpProcess.Succeed(program, ["train", "--output", published, "--resume"]);
        await SvpProcess.Succeed(program, ["runs", "plot", published, "--output", task.At("curves.png")]);
        Assert.Equal((137, 80), Magic(task.At("curves.png")));
    }

    [Theory]
    [MemberData(nameof(Published))]
    public async Task KnowsRecipesAndDataSets(string folder)
    {
        string program = Program(folder);
        foreach (string[] arguments in new string[][]
        {
            ["recipes", "schema"], ["recipes", "show", "cub200"],
            ["data", "check", "--data-set", "DTD", "--data", "none"],
            ["train", "--recipe", "nowhere"], ["train", "--help"], ["predict"],
        })
        {
            CommandResult expected = await SvpProcess.Run(SvpProcess.Built, arguments);
            CommandResult actual = await SvpProcess.Run(program, arguments);
            Assert.Equal(expected.Code, actual.Code);
            Assert.Equal(Placeless(expected.Output, SvpProcess.Built), Placeless(actual.Output, program));
            Assert.Equal(Placeless(expected.Log, SvpProcess.Built), Placeless(actual.Log, program));
        }

        await SvpProcess.Succeed(program, ["doctor"]);
    }

    private static string Program(string folder)
    {
        Assert.SkipWhen(folder.Length == 0, "SVP_PUBLISHED names no published program");
        return Path.Combine(folder, OperatingSystem.IsWindows() ? "svp.exe" : "svp");
    }

    /// <summary>A text in which the program's own folder is not named.</summary>
    private static string Placeless(string text, string program) =>
        text.Replace(Path.GetDirectoryName(program)! + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);

    private static (int First, int Second) Magic(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        return (bytes[0], bytes[1]);
    }
}

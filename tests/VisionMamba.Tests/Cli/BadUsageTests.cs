namespace VisionMamba.Tests.Cli;

/// <summary>A mistake gives one line that names the flag or file, the contract's exit code, and no half-written run.</summary>
[Collection(CommandLine.Collection)]
public sealed class BadUsageTests(TinyRun run) : IClassFixture<TinyRun>
{
    public static TheoryData<int, string, string> Mistakes => new()
    {
        { 2, "frobnicate", "frobnicate" },
        { 2, "train --output OUT --backbone BACKBONE", "--data" },
        { 2, "train --output OUT --data DATA", "--backbone" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --method magic", "magic" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --method linear --inner-width 8", "--inner-width" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --epochs 0", "--epochs" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --lr nan", "--lr" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --device cuda", "--device cuda" },
        { 1, "train --output OUT --data DATA --backbone BACKBONE --data-set nonsense", "nonsense" },
        { 1, "train --output OUT --data MISSING --backbone BACKBONE", "MISSING" },
        { 1, "train --output OUT --data DATA --backbone MISSING", "MISSING" },
        { 1, "train --output SVP --data DATA --backbone BACKBONE", "already holds a run" },
        { 1, "train --output OUT --resume", "run.json" },
        { 2, "train --output SVP --resume --epochs 9", "--epochs" },
        { 1, "pretrain --output SVP --resume", "svp train" },
        { 2, "pretrain --output OUT --data DATA --model enormous", "enormous" },
        { 2, "demo --output OUT --epochs 0", "--epochs 0" },
        { 1, "demo --output SVP", "already holds a run" },
        { 1, "predict --checkpoint CHECKPOINT MISSING", "MISSING" },
        { 1, "predict --checkpoint CHECKPOINT TEXT", "TEXT" },
        { 1, "predict --checkpoint TEXT PICTURE", "TEXT" },
        { 2, "predict --checkpoint CHECKPOINT PICTURE --top 0", "--top" },
        { 2, "predict --checkpoint CHECKPOINT PICTURE --logits", "--json" },
        { 2, "predict --checkpoint CHECKPOINT", "predict" },
        { 2, "evaluate --checkpoint CHECKPOINT --data DATA --frobnicate", "--frobnicate" },
        { 1, "evaluate --checkpoint CHECKPOINT --data DATA/train", "class" },
        { 2, "evaluate --checkpoint CHECKPOINT --data DATA --split half", "half" },
        { 1, "inspect --checkpoint TEXT", "TEXT" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void OneClearLine(int code, string line, string names)
    {
        run.Write("TEXT", "not an image and not a checkpoint");
        CommandResult result = CommandLine.Run([.. line.Split(' ').Select(Place)]);
        Assert.True(code == result.Code, $"{line}: exit code {result.Code}: {result.Log}");
        Assert.Empty(result.Output);
        string last = result.Log.TrimEnd('\n').Split('\n')[^1];
        Assert.StartsWith("svp: ", last, StringComparison.Ordinal);
        Assert.Contains(names, last, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Log, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run.At("OUT")), "left a folder behind");
    }

    private string Place(string word) => word switch
    {
        "DATA" => run.Data,
        "DATA/train" => run.Data + "/train/" + Path.GetFileName(Directory.GetDirectories(run.Data + "/train")[0]),
        "BACKBONE" => run.Backbone,
        "CHECKPOINT" => run.Checkpoint,
        "PICTURE" => run.Picture,
        "SVP" => run.At("svp"),
        "OUT" or "MISSING" or "TEXT" => run.At(word),
        _ => word,
    };
}

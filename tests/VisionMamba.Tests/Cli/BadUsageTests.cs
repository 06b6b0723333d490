namespace VisionMamba.Tests.Cli;

/// <summary>
/// A mistake gives one line that names the flag or file, the contract's exit code, and no half-written run.
/// </summary>
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
        { 2, "train --output OUT --data DATA --backbone BACKBONE --clip-mode agc", "--clip-mode" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --sched step --min-lr 0", "--min-lr" },
        { 2, "pretrain --output OUT --data DATA --sched multistep --min-lr 0", "--min-lr" },
        { 2, "train --output OUT --data DATA --momentum 0.5", "--momentum: has no effect here: --opt adamw has none" },
        { 2, "train --output OUT --data DATA --opt sgd --opt-betas 0.5 0.9", "--opt-betas: has no effect here" },
        { 2, "train --output OUT --data DATA --opt lion --opt-eps 1", "--opt-eps: has no effect here" },
        { 2, "train --output OUT --data DATA --warmup-epochs 0 --warmup-lr 1e-4", "--warmup-lr: has no effect here" },
        { 2, "train --output OUT --data DATA --decay-rate 0.5", "--decay-rate: has no effect here" },
        { 2, "train --output OUT --data DATA --sched step --lr-k-decay 2", "--lr-k-decay: has no effect here" },
        {
            2, "train --output OUT --data DATA --lr-noise-std 2",
            "--lr-noise-std: has no effect here: needs --lr-noise"
        },
        { 2, "train --output OUT --data DATA --distillation-tau 2", "--distillation-tau: has no effect here" },
        { 2, "train --output OUT --data DATA --model-ema-decay 0.9", "--model-ema-decay: has no effect here" },
        { 2, "train --output OUT --data DATA --aa rand-m5 --hue-jitter 0.1", "--hue-jitter: has no effect here" },
        { 2, "train --output OUT --data DATA --remode rand", "--remode: has no effect here: needs --reprob" },
        { 2, "train --output OUT --data DATA --mixup 1 --mixup-switch-prob 1", "--mixup-switch-prob: has no effect" },
        {
            2, "train --output OUT --data DATA --backbone BACKBONE --lr-cycle-mul 2 --lr-cycle-limit 40",
            "--lr-cycle-limit: must be lower"
        },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --device tpu", "--device tpu" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --device cuda:x", "--device cuda:x" },
        { 2, "bench --precision fp8", "--precision fp8" },
        { 2, "bench --precision tf32", "--precision tf32: the cpu computes in fp32; give --device cuda too" },
        { 2, "doctor --device cuda:-1", "--device cuda:-1" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --data-set nonsense", "nonsense" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --validation-fraction 1", "--validation-fraction" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --validation-fraction nan", "--validation-fraction" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --train-fraction 0", "--train-fraction" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --max-classes 0", "--max-classes" },
        { 2, "pretrain --output OUT --data DATA --max-classes 1", "--max-classes: must be at least 2" },
        { 2, "tune --output OUT --data DATA --backbone BACKBONE --max-classes 1", "--max-classes: must be at least 2" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --max-images -1", "--max-images" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --partition 3", "--partition" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --inat-category genus", "--inat-category" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --image-size 0", "--image-size" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --stride -1", "--stride" },
        {
            2, "train --output OUT --data DATA --backbone BACKBONE --position-class-token last",
            "--position-class-token"
        },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --shared-layers 0", "--shared-layers" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --inner-width 0", "--inner-width" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --inner-width 2000000000", "--inner-width" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --prompt-depth -1", "--prompt-depth" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --prompt-dropout nan", "--prompt-dropout" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --cross-prompt-source x", "--cross-prompt-source" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --head-layers 3", "--head-layers" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --on-bad-image perhaps", "--on-bad-image" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --on-bad-image", "--on-bad-image" },
        { 2, "evaluate --checkpoint CHECKPOINT --data DATA --on-bad-image perhaps", "--on-bad-image" },
        { 2, "evaluate --checkpoint CHECKPOINT --data DATA --cross-prompt-source x", "--cross-prompt-source" },
        { 2, "evaluate --checkpoint CHECKPOINT --data DATA --image-size 0", "--image-size" },
        { 2, "evaluate --checkpoint CHECKPOINT --data DATA --batch 0", "--batch" },
        { 2, "predict --checkpoint CHECKPOINT PICTURE --on-bad-image perhaps", "--on-bad-image" },
        { 1, "predict --checkpoint CHECKPOINT NOTHING", "path is empty" },
        { 1, "predict --checkpoint CHECKPOINT PICTURE/x.png", "x.png" },
        { 2, "pretrain --output OUT --data DATA --dim 0", "--dim" },
        { 2, "pretrain --output OUT --data DATA --patch -1", "--patch" },
        { 2, "pretrain --output OUT --data DATA --image-size 4 --patch 8", "4 px" },
        { 2, "tune --output OUT --data DATA --backbone BACKBONE --search x", "--search" },
        { 2, "tune --output OUT --data DATA --backbone BACKBONE --train-on-validation", "--train-on-validation: a" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --method auto --train-on-validation", "auto chooses" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --bce-loss --label-smoothing 0", "--label-smoothing" },
        { 2, "train --output OUT --data DATA --backbone BACKBONE --src --crop-scale 0.5", "--crop-scale: has no" },
        {
            2, "train --output OUT --data DATA --backbone BACKBONE --sched tanh --lr-cycle-limit 2 --decay-rate 0.5",
            "--decay-rate: has no effect here: --sched tanh has none"
        },
        { 2, "train --dry-run --data DATA --backbone BACKBONE --model tiny", "--backbone: has no effect beside" },
        { 2, "train --dry-run --data DATA --memory-limit 1G --model tiny", "--memory-limit: has no effect beside" },
        { 2, "runs plot SVP --output OUT.png --by day", "--by" },
        { 2, "runs plot SVP --output OUT.gif", "OUT.gif" },
        { 2, "data preview --data DATA --output OUT.jpg", "OUT.jpg" },
        { 2, "data check --data DATA --threads -1", "--threads" },
        { 2, "data download nothing --output OUT", "nothing" },
        { 2, "train --output OUT --recipe nothing", "nothing" },
        { 2, "recipes show nothing", "nothing" },
        { 2, "bench --model enormous", "enormous" },
        { 2, "bench --image-size 0", "--image-size" },
        { 2, "bench --digest --batch 8", "--batch: has no effect beside --digest" },
        { 2, "bench --digest --scaling", "--scaling: has no effect beside --digest" },
        { 2, "bench --scaling --passes forward", "--passes: has no effect beside --scaling" },
        { 2, "bench --scaling --ops", "--ops: has no effect beside --scaling" },
        { 2, "export --checkpoint CHECKPOINT --output OUT.pth --dtype fp8", "--dtype" },
        { 2, "export --checkpoint CHECKPOINT --output OUT.safetensors --unmerged", "'svp' does not merge" },
        { 2, "export --pack TEXT --backbone BACKBONE --output BACKBONE", "would replace" },
        { 2, "export --pack TEXT --checkpoint BACKBONE --output BACKBONE", "would replace" },
        { 2, "pack create --pack TEXT --backbone BACKBONE --output BACKBONE", "would replace" },
        { 2, "pack create --pack TEXT --backbone BACKBONE --output TEXT", "would replace" },
        { 2, "pack create --checkpoint CHECKPOINT", "--output" },
        { 2, "doctor --frobnicate", "--frobnicate" },
        { 1, "train --output OUT --data MISSING --backbone BACKBONE", "MISSING" },
        { 1, "train --output OUT --data DATA --backbone MISSING", "MISSING" },
        { 1, "train --output SVP --data DATA --backbone BACKBONE", "already holds a run" },
        { 1, "train --output OUT --resume", "run.json" },
        { 2, "train --output SVP --resume --epochs 9", "--epochs" },
        { 1, "pretrain --output SVP --resume", "svp train" },
        { 2, "pretrain --output OUT --data DATA --model enormous", "enormous" },
        { 2, "demo --output OUT --epochs 0", "--epochs 0" },
        { 1, "demo --output SVP", "already holds a run" },
        { 1, "demo --output RUNS", "already holds a run" },
        { 1, "predict --checkpoint CHECKPOINT MISSING", "MISSING" },
        { 1, "predict --checkpoint CHECKPOINT TEXT", "TEXT" },
        { 1, "predict --checkpoint TEXT PICTURE", "TEXT" },
        { 2, "predict --checkpoint CHECKPOINT PICTURE --top 0", "--top" },
        { 2, "predict --checkpoint CHECKPOINT PICTURE --logits", "--json" },
        { 2, "predict --checkpoint CHECKPOINT", "predict" },
        { 2, "predict --checkpoint CHECKPOINT --batch 0 PICTURE", "--batch: must be at least 1" },
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
        Assert.Empty(Directory.GetFileSystemEntries(run.At("."), "OUT*"));
    }

    private string Place(string word) => word switch
    {
        "DATA" => run.Data,
        "NOTHING" => "",
        "PICTURE/x.png" => run.Picture + "/x.png",
        "OUT.png" or "OUT.gif" or "OUT.jpg" or "OUT.pth" => run.At(word),
        "DATA/train" => run.Data + "/train/" + Path.GetFileName(Directory.GetDirectories(run.Data + "/train")[0]),
        "BACKBONE" => run.Backbone,
        "CHECKPOINT" => run.Checkpoint,
        "PICTURE" => run.Picture,
        "SVP" => run.At("svp"),
        "RUNS" => run.At("."),
        "OUT" or "MISSING" or "TEXT" => run.At(word),
        _ => word,
    };
}

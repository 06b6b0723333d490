using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Studies.Comparison;

namespace VisionMamba.Cli.Studies.Automatic;

/// <summary>A method with a learning rate, as one of those that are compared.</summary>
/// <param name="Method">The value of --method.</param>
/// <param name="Rate">The value of --lr.</param>
/// <param name="Settings">Settings that the user did not give.</param>
internal sealed record AutoArm(string Method, double Rate, IReadOnlyList<string> Settings)
{
    public string Name => $"{Method}-lr-{StudyUnit.Number(Rate)}";

    /// <summary>Its flags.</summary>
    public IReadOnlyList<string> Flags => ["--method", Method, .. Settings, "--lr", StudyUnit.Number(Rate)];
}

/// <summary>How long each of a round's arms trains: whole epochs, or fewer steps than one.</summary>
internal sealed record AutoRound(int Epochs, int MaxSteps);

/// <summary>
/// A comparison by successive halving (Jamieson and Talwalkar, AISTATS 2016), which keeps a third: the time is shared
/// equally by the rounds, and in each by the arms that are left. Equal short runs for all were the alternative: they
/// favour what learns fast (the head alone) over what learns more (prompts), and spend most of the time on arms that
/// are behind from the start. Every run is a whole one with its own schedule, because a learning rate that is still
/// high says little about where a run would end. Arms of a round see equally many images.
/// </summary>
/// <param name="Given">The user's flags but for those of the comparison and of the machine.</param>
/// <param name="Arms">What is compared.</param>
/// <param name="Costs">What a step of each method costs here.</param>
/// <param name="Train">Training images.</param>
/// <param name="Validation">Validation images.</param>
/// <param name="Warmup">Epochs of warm-up in the full training.</param>
/// <param name="Minutes">The time to spend, about.</param>
internal sealed record AutoPlan(
    IReadOnlyList<string> Given, IReadOnlyList<AutoArm> Arms, Dictionary<string, MethodCost> Costs, int Train,
    int Validation, int Warmup, double Minutes)
{
    private const int Share = 3, LastArms = 2, LeastSteps = 5;

    // A trial has its own, and one cycle.
    private static readonly string[] s_ofTheFull =
    [
        "--epochs", "--max-steps", "--warmup-epochs", "--cooldown-epochs", "--lr-cycle-limit", "--lr-cycle-mul",
        "--save-every", "--tensorboard", "--quiet", "--test-at-end",
    ];

    private const double Overhead = 1.0;

    /// <summary>Rounds until two arms or fewer are left and the last of them are compared.</summary>
    public int Rounds
    {
        get
        {
            int rounds = 1;
            for (int left = Arms.Count; left > LastArms; left = Next(left))
                rounds++;
            return rounds;
        }
    }

    /// <summary>How many of so many arms go on.</summary>
    public static int Next(int arms) => Math.Max(LastArms, (arms + Share - 1) / Share);

    /// <summary>How long a round of these arms trains each of them.</summary>
    public AutoRound Round(IReadOnlyList<AutoArm> arms)
    {
        MethodCost first = Costs[arms[0].Method];
        int batch = Math.Min(first.Batch, Train), steps = Train / batch;
        double seconds = Minutes * 60 / Rounds;
        double step = arms.Sum(a => batch * Costs[a.Method].TrainSeconds);
        double validate = arms.Sum(a => Validation * Costs[a.Method].EvaluateSeconds), start = arms.Count * Overhead;
        int epochs = (int)((seconds - start) / (steps * step + validate));
        return epochs >= 1 ? new AutoRound(Math.Min(epochs, first.Epochs), 0)
            : new AutoRound(1, Math.Clamp(
                (int)((seconds - start - validate) / step), Math.Min(LeastSteps, steps), steps));
    }

    /// <summary>
    /// The flags of an arm's run in a round, from those <paramref name="given"/>: one cycle, in which the warm-up keeps
    /// its share of the epochs.
    /// </summary>
    public IReadOnlyList<string> Trial(AutoArm arm, AutoRound round, IReadOnlyList<string> given)
    {
        int warmup = round.Epochs * Warmup / Math.Max(1, Costs[arm.Method].Epochs);
        return
        [
            // What has an effect in the full run may have none in a trial.
            GivenFlags.MayLieIdle, .. GivenFlags.Without(given, s_ofTheFull), .. arm.Flags,
            "--epochs", $"{round.Epochs}", "--max-steps", $"{round.MaxSteps}", "--warmup-epochs", $"{warmup}",
            "--cooldown-epochs", "0", "--lr-cycle-limit", "1", "--test-at-end", "false", "--tensorboard", "false",
        ];
    }
}

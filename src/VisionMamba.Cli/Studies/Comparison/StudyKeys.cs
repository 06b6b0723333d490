using VisionMamba.Cli.Recipes;
using VisionMamba.Cli.Verbs;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>The keys of a study file, and which flags of svp train its options may hold.</summary>
internal static class StudyKeys
{
    /// <summary>Keys of the file with what they hold.</summary>
    public static IReadOnlyDictionary<string, string> Study { get; } = new Dictionary<string, string>
    {
        ["$schema"] = "for editors: study.schema.json",
        ["name"] = "what it is called; letters, digits, '.', '-' and '_'",
        ["description"] = "one line",
        ["notes"] = "what a reader should know, one string each",
        ["backbone"] = "checkpoint, counted from this file's folder; \"demo\" is the shipped one; else --backbone says",
        ["tasks"] = "what the methods are compared on",
        ["methods"] = "what is compared",
        ["lr"] = "learning rates that every method is tuned over on the validation images; the flag --lr",
        ["lr_beyond"] = "how many more rates are tried beyond an end of lr, while the best one stands there (0)",
        ["lr_beyond_within"] =
            "how many standard errors of the best one's validation top-1 an end may be below it and count as best (0)",
        ["sweep_lr"] = "\"tuned\": every point of a sweep tunes as methods do (default); \"method\": it takes the rate "
            + "that its method chose on the task",
        ["seeds"] = "seeds of the measured runs; learning rates are tuned with the first",
        ["split_seed"] = "decides which images are drawn, held out or rendered, for all seeds (0)",
        ["options"] = "flags of svp train for all runs, '_' for '-'",
    };

    /// <summary>Keys of a task.</summary>
    public static IReadOnlyDictionary<string, string> Task { get; } = new Dictionary<string, string>
    {
        ["name"] = "what it is called; letters, digits, '.', '-' and '_'",
        ["group"] = "tasks of a group share a mean in the report",
        ["data"] = "folder, counted from this file's folder; else --data NAME=DIR says",
        ["options"] = "flags of svp train for this task (data_set, sample, max_test, hflip ...), over the study's",
    };

    /// <summary>Keys of a method.</summary>
    public static IReadOnlyDictionary<string, string> Method { get; } = new Dictionary<string, string>
    {
        ["name"] = "what it is called; letters, digits, '.', '-', '_' and '+'",
        ["method"] = "value of --method (the name where it is missing)",
        ["options"] = "flags of svp train for this method, over the study's and the task's",
        ["tasks"] = "names of the tasks that it is tried on (all)",
        ["sweeps"] = "settings to vary: a list of further values by key of options",
        ["sweep_tasks"] = "names of the tasks that the sweeps are tried on (the method's)",
    };

    /// <summary>What the study itself decides.</summary>
    private static readonly string[] s_own =
    [
        "method", "lr", "seed", "split_seed", "test_at_end", "select_on", "train_on_validation", "save_every",
        "tensorboard", "auto_budget", "auto_methods",
    ];

    /// <summary>The flags that options may hold, by key.</summary>
    public static IReadOnlyDictionary<string, System.CommandLine.Option> Options() =>
        new RecipeOptions(TrainVerb.Create()).ByKey.Where(o => !s_own.Contains(o.Key))
            .ToDictionary(o => o.Key, o => o.Value);

    /// <summary>Whether the study decides this flag itself.</summary>
    public static bool IsOwn(string key) => s_own.Contains(key);
}

using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Devices;
using VisionMamba.Cli.Flags;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Runs;
using VisionMamba.Cli.Verbs;
using VisionMamba.Data.Datasets;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>The flags of svp study run, and what they do.</summary>
internal sealed class StudyRunFlags
{
    private const string Demo = "demo";
    private readonly Argument<string> _study = new("STUDY")
    {
        Description = "a study file, or the name of a shipped one",
    };

    private readonly Option<string?> _output = new("--output")
    {
        Description = "folder for the study (default: runs/study-NAME)",
        HelpName = "DIR",
    };

    private readonly Option<string?> _backbone = new("--backbone")
    {
        Description = "the checkpoint, in place of the file's; \"demo\" is the shipped one",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _data = Many("--data", "folder of a task, in place of the file's", "TASK=DIR");
    private readonly Option<string[]> _tasks = Many("--tasks", "only these of the study's tasks, now", "NAME");
    private readonly Option<string[]> _methods = Many("--methods", "only these of its methods, now", "NAME");

    private readonly Option<int> _processes = new("--processes")
    {
        Description = "runs at a time, 1 or 2",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<double?> _budget = new("--budget")
    {
        Description = "begin no run after so many minutes",
        HelpName = "MINUTES",
    };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "list the runs and estimate their time" };
    private readonly Option<bool> _json = new("--json") { Description = "print the result as JSON" };

    // A second process: it works along until all is done, or until the first one ends.
    private readonly Option<bool> _join = new("--join") { Hidden = true };

    public IEnumerable<Argument> Arguments => [_study];

    public IEnumerable<Option> All =>
        [_output, _backbone, _data, _tasks, _methods, _processes, _budget, _dryRun, _json, _join];

    public DeviceFlags Device { get; } = new();

    public int Run(ParseResult parsed)
    {
        int processes = parsed.GetValue(_processes);
        if (processes is not (1 or 2))
            throw new UsageException($"--processes {processes}: must be 1 or 2");
        if (parsed.GetValue(_budget) is { } minutes && !(minutes > 0))
            throw new UsageException("--budget: must be above 0");
        StudyFile file = StudyFile.Load(parsed.GetValue(_study)!);
        string output = parsed.GetValue(_output) ?? Path.Combine("runs", $"study-{file.Name}");
        StudyPlan plan = Plan(parsed, file);
        IReadOnlyList<string> device = Threads(parsed, processes);
        using IDisposable images = KeptImages.Hold();
        return parsed.GetValue(_dryRun) ? DryRun(parsed, plan, device, processes, output)
            : Work(parsed, plan, new StudyFolder(output), device, processes);
    }

    private int DryRun(
        ParseResult parsed, StudyPlan plan, IReadOnlyList<string> device, int processes, string output)
    {
        using var line = new CountProgress("");
        StudyCosts costs = StudyCosts.Measure(plan, null, device, text => line.Show(text, now: true));
        line.Dispose();
        JsonObject estimate = JsonOutput.Reread(StudyEstimate.Write(plan, costs, processes));
        estimate["output"] = output;
        if (parsed.GetValue(_json))
            JsonOutput.Write(estimate);
        else
            StudyEstimate.Print(estimate, plan, Console.Out);
        return 0;
    }

    private int Work(
        ParseResult parsed, StudyPlan plan, StudyFolder folder, IReadOnlyList<string> device, int processes)
    {
        bool joined = parsed.GetValue(_join);
        DateTime deadline = parsed.GetValue(_budget) is { } minutes
            ? DateTime.UtcNow.AddMinutes(minutes) : DateTime.MaxValue;
        string hash = Backbone.Open(plan.Backbone).Hash(new HashSet<string>());
        if (!joined)
            Begin(plan, folder, hash);
        StudyCosts costs;
        using (var line = new CountProgress(""))
        {
            costs = joined && StudyCosts.Read(folder.Root) is { } known
                ? known : StudyCosts.Measure(plan, folder.Root, device, text => line.Show(text, now: true));
        }

        using StudyCompanion? companion = joined || processes == 1 ? null : StudyCompanion.Start(
            [.. Given(parsed), .. device], folder.Root);
        if (joined)
            StudyCompanion.EndWithParent();
        using var interrupt = new Interrupt();
        using var progress = new StudyProgress(plan, folder, costs, processes);
        StudyEnd end = new StudyWorker(plan, folder, hash, device, progress).Run(deadline, interrupt.Token);
        companion?.Wait(stop: end == StudyEnd.Interrupted);
        return joined ? 0 : Told(parsed, folder, progress.Count, end);
    }

    private int Told(ParseResult parsed, StudyFolder folder, (int Done, int Total) count, StudyEnd end)
    {
        if (end != StudyEnd.Finished)
        {
            Console.Error.WriteLine(
                $"{(end == StudyEnd.Interrupted ? "interrupted" : "the budget is spent")}: {count.Done} of "
                + $"{count.Total} runs are done; the same command goes on");
        }

        if (parsed.GetValue(_json))
            JsonOutput.Write(new JsonObject
            {
                ["study"] = folder.Root,
                ["done"] = count.Done,
                ["runs"] = count.Total,
                ["finished"] = end == StudyEnd.Finished,
            });
        else if (end == StudyEnd.Finished)
            Console.Out.WriteLine($"{count.Total} runs are done; see them with: svp study report {folder.Root}");
        return end == StudyEnd.Interrupted ? 1 : 0;
    }

    private StudyPlan Plan(ParseResult parsed, StudyFile file)
    {
        string backbone = parsed.GetValue(_backbone) is { } given ? given == Demo ? DemoVerb.BackbonePath : given
            : file.Backbone is null ? throw new UsageException("--backbone FILE is missing; the study names none")
            : file.Backbone == Demo ? DemoVerb.BackbonePath : file.Relative(file.Backbone);
        Dictionary<string, string> folders = Folders(parsed.GetValue(_data) ?? [], file);
        IReadOnlyList<string>? tasks = Names(parsed, _tasks), methods = Names(parsed, _methods);
        if (file.Tasks.FirstOrDefault(t => tasks?.Contains(t.Name) != false && !folders.ContainsKey(t.Name)
            && !ProceduralDatasets.Has(StudyPlan.DataSet(t.Options))) is { } homeless)
            throw new UsageException(
                $"--data {homeless.Name}=DIR is missing: the study does not say where the images of {homeless.Name} "
                + "are; or leave it out with --tasks");
        using TensorFile weights = TensorFile.Open(backbone);
        int size = ModelFile.ReadConfig(weights, new LoadOptions(), []).ImageSize;
        return StudyPlan.Of(file, backbone, size, folders, tasks, methods) with
        {
            Precision = Device.Precision(parsed),
        };
    }

    private static Dictionary<string, string> Folders(string[] given, StudyFile file)
    {
        Dictionary<string, string> folders = file.Tasks.Where(t => t.Data is not null)
            .ToDictionary(t => t.Name, t => file.Relative(t.Data!));
        foreach (string pair in given)
        {
            int at = pair.IndexOf('=', StringComparison.Ordinal);
            string name = at > 0 ? pair[..at] : "";
            StudyTask task = file.Tasks.FirstOrDefault(t => t.Name == name) ?? throw new UsageException(
                $"--data {pair}: give TASK=DIR; the tasks are {string.Join(", ", file.Tasks.Select(t => t.Name))}");
            if (ProceduralDatasets.Has(StudyPlan.DataSet(task.Options)))
                throw new UsageException($"--data {pair}: {name} is rendered and has no folder; leave it out");
            folders[name] = pair[(at + 1)..];
        }

        return folders;
    }

    private static void Begin(StudyPlan plan, StudyFolder folder, string hash)
    {
        folder.Open(plan.File, hash, new JsonObject
        {
            ["study"] = plan.File.Name,
            ["description"] = plan.File.Description,
            ["backbone"] = Path.GetFileName(plan.Backbone),
            ["backbone_hash"] = hash,
            ["version"] = typeof(StudyRunFlags).Assembly.GetName().Version!.ToString(3),
            ["file"] = JsonNode.Parse(File.ReadAllText(plan.File.Path)),
        });
        foreach (StudyUnit unit in plan.Cells.SelectMany(c => c.Possible))
        {
            if (folder.Recorded(unit) is { } record
                && !record.Arguments.SequenceEqual(plan.Arguments(unit, record.LearningRate)))
                throw new VisionMambaException(
                    $"{folder.Record(unit)}: was run with other settings than the study now has; give another "
                    + "--output, or delete it to have it run again");
        }
    }

    /// <summary>This command line for the second process.</summary>
    private IEnumerable<string> Given(ParseResult parsed) =>
        [
            "study", "run", parsed.GetValue(_study)!,
            .. GivenFlags.Of(parsed, name => name is not ("--processes" or "--json")
                && !DeviceArguments.Names.Contains(name)),
        ];

    /// <summary>Two processes share the processors, unless --threads says how many each has.</summary>
    private static IReadOnlyList<string> Threads(ParseResult parsed, int processes)
    {
        IReadOnlyList<string> device = DeviceArguments.Of(parsed);
        return processes == 1 || device.Contains("--threads") ? device
            : [.. device, "--threads", $"{Math.Max(1, Environment.ProcessorCount / processes)}"];
    }

    private static IReadOnlyList<string>? Names(ParseResult parsed, Option<string[]> option) =>
        parsed.GetValue(option) is { Length: > 0 } given
            ? [.. given.SelectMany(g => g.Split(',', StringSplitOptions.RemoveEmptyEntries))] : null;

    private static Option<string[]> Many(string name, string what, string help) => new(name)
    {
        Description = what,
        HelpName = help,
        AllowMultipleArgumentsPerToken = true,
    };
}

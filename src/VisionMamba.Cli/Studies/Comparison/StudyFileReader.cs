using System.Globalization;
using System.Text.Json;
using VisionMamba.Cli.Recipes;
using VisionMamba.Cli.Verbs;
using VisionMamba.Models.Prompting;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>Reads a study file; every refusal is one line that names the file and the place.</summary>
internal sealed class StudyFileReader
{
    /// <summary>Values of sweep_lr.</summary>
    public const string TunedRate = "tuned", MethodRate = "method";

    private const int MostRatesBeyond = 10;
    private readonly string _path;

    private StudyFileReader(string path) => _path = path;

    /// <exception cref="VisionMambaException">The file is not a study.</exception>
    public static StudyFile Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return new StudyFileReader(path).Read(document.RootElement.Clone());
        }
        catch (JsonException e)
        {
            throw new VisionMambaException(
                $"{path}: is not JSON (line {e.LineNumber + 1}, column {e.BytePositionInLine + 1})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VisionMambaException($"{path}: cannot be read ({e.Message})", e);
        }
    }

    private StudyFile Read(JsonElement root)
    {
        var node = new StudyNode(_path, "", root, StudyKeys.Study.Keys);
        StudyTask[] tasks = [.. node.Objects("tasks", StudyKeys.Task.Keys).Select(ReadTask)];
        RefuseTwice(node, "tasks", tasks.Select(t => t.Name));
        StudyMethod[] methods =
            [.. node.Objects("methods", StudyKeys.Method.Keys).SelectMany(m => ReadMethod(m, tasks))];
        RefuseTwice(node, "methods", methods.Select(m => m.Name));
        double[] rates = [.. node.Numbers("lr")];
        if (rates.Any(r => !(r > 0) || double.IsInfinity(r)) || rates.Distinct().Count() < rates.Length)
            throw node.Refused("lr", "must be different numbers above 0");
        long beyond = node.Whole("lr_beyond") ?? 0;
        if (beyond > 0 && rates.Length < 2)
            throw node.Refused("lr_beyond", "needs two rates in lr: how far apart they are says where the next one is");
        if (beyond > MostRatesBeyond)
            throw node.Refused("lr_beyond", $"must be at most {MostRatesBeyond}");
        double within = node.Number("lr_beyond_within") ?? 0;
        if (within > 0 && beyond == 0)
            throw node.Refused("lr_beyond_within", "has no effect without lr_beyond");
        string sweepRate = node.Text("sweep_lr") ?? TunedRate;
        if (sweepRate is not (TunedRate or MethodRate))
            throw node.Refused("sweep_lr", $"must be \"{TunedRate}\" or \"{MethodRate}\"");
        if (sweepRate == MethodRate)
            RefuseStraySweeps(node, methods);
        ulong[] seeds = [.. node.Numbers("seeds").Select(s => s >= 0 && s <= 1e15 && s == Math.Truncate(s)
            ? (ulong)s : throw node.Refused("seeds", "must be whole numbers from 0 up"))];
        if (seeds.Distinct().Count() < seeds.Length)
            throw node.Refused("seeds", "has one twice");
        return new StudyFile(_path, node.Name())
        {
            Description = node.Text("description") ?? "",
            Notes = node.Has("notes") ? node.Texts("notes") : [],
            Backbone = node.Text("backbone"),
            Tasks = tasks,
            // Sweeps last: the methods of their own are compared as soon as possible.
            Methods = [.. methods.OrderBy(m => m.Sweep is not null)],
            Rates = rates,
            RatesBeyond = (int)beyond,
            BeyondWithin = within,
            SweepsTakeRate = sweepRate == MethodRate,
            Seeds = seeds,
            SplitSeed = (ulong)(node.Whole("split_seed") ?? 0),
            Options = ReadOptions(node),
        };
    }

    private StudyTask ReadTask(StudyNode node)
    {
        string name = node.Name();
        return new StudyTask(name, node.Text("group") ?? name, node.Text("data"), ReadOptions(node));
    }

    private IEnumerable<StudyMethod> ReadMethod(StudyNode node, StudyTask[] tasks)
    {
        string name = node.Name(), method = node.Text("method") ?? name;
        if (method.Split('+').FirstOrDefault(n => TuningMethods.All.All(m => m.Name != n)) is { } unknown)
            throw node.Refused("method", $"'{unknown}' is none of {string.Join(", ", TuningMethods.All.Select(
                m => m.Name))}");
        Dictionary<string, JsonElement> options = ReadOptions(node);
        IReadOnlyList<string>? on = TaskNames(node, "tasks", tasks), sweepOn = TaskNames(node, "sweep_tasks", tasks);
        StudyNode? sweeps = node.Object("sweeps", null);
        string[] keys = sweeps is null ? [] : [.. sweeps.Members.Keys];
        yield return new StudyMethod(name, method, options, on, null) { SweptKeys = keys };
        foreach (string key in keys)
        {
            foreach (JsonElement value in sweeps!.Array(key))
            {
                string text = Text(value);
                if (options.TryGetValue(key, out JsonElement own) && Text(own) == text)
                    throw sweeps.Refused(key, $"{text} is the method's own value; leave it out of the sweep");
                var varied = new Dictionary<string, JsonElement>(options) { [key] = value };
                Check(sweeps, new Dictionary<string, JsonElement> { [key] = value });
                yield return new StudyMethod(
                    $"{name}.{key}-{text}", method, varied, sweepOn ?? on, new SweepPoint(name, key, text));
            }
        }
    }

    private static List<string>? TaskNames(StudyNode node, string key, StudyTask[] tasks)
    {
        if (!node.Has(key))
            return null;
        List<string> names = node.Texts(key);
        return names.FirstOrDefault(n => tasks.All(t => t.Name != n)) is { } unknown
            ? throw node.Refused(key, $"'{unknown}' is none of the tasks") : names;
    }

    private Dictionary<string, JsonElement> ReadOptions(StudyNode node)
    {
        if (node.Object("options", null) is not { } options)
            return [];
        Check(options, options.Members);
        return options.Members;
    }

    /// <summary>As a recipe's: known keys, values of the flags' types and ranges.</summary>
    private void Check(StudyNode node, Dictionary<string, JsonElement> options)
    {
        if (options.Keys.FirstOrDefault(StudyKeys.IsOwn) is { } own)
            throw node.Refused(own, "is decided by the study (method, lr, seeds, split_seed) and not an option");
        new RecipeOptions(TrainVerb.Create()).Apply(new Recipe(
            node.Place, node.Place, "", "", null, null, [], options));
    }

    private static void RefuseTwice(StudyNode node, string key, IEnumerable<string> names)
    {
        // Folders are called by them, and some file systems do not tell cases apart.
        if (names.GroupBy(n => n.ToUpperInvariant()).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw node.Refused(key, $"'{twice.First()}' is there twice");
    }

    /// <summary>A sweep can take its method's rate only where that method is tried.</summary>
    private static void RefuseStraySweeps(StudyNode node, StudyMethod[] methods)
    {
        foreach (StudyMethod point in methods.Where(m => m.Sweep is not null))
        {
            StudyMethod own = methods.Single(m => m.Name == point.Sweep!.Of && m.Sweep is null);
            if (point.Tasks?.FirstOrDefault(t => own.Tasks?.Contains(t) == false) is { } stray)
                throw node.Refused("sweep_lr", $"the sweeps of '{own.Name}' are tried on '{stray}' and it is not, "
                    + "so they have no rate to take");
        }
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? value.GetString()!.Replace(',', '+')
        : value.ValueKind == JsonValueKind.Number
            ? value.GetDouble().ToString("R", CultureInfo.InvariantCulture) : value.GetRawText();
}

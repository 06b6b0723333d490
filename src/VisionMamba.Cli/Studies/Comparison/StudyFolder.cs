using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Runs;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>
/// A study's folder: comparison.json (what is compared with which backbone), records/ (a small file for every finished
/// run), runs/ (their folders; models go when they are recorded), claims/ (who is working on what).
/// </summary>
internal sealed class StudyFolder(string path)
{
    private const string FileName = "comparison.json";
    private readonly Dictionary<string, (DateTime Written, StudyRecord Record)> _read = [];

    public string Root => path;

    /// <summary>The record of a unit.</summary>
    public string Record(StudyUnit unit) => Path.Combine(path, "records", unit.Id + ".json");

    /// <summary>The folder of a unit's run.</summary>
    public string Run(StudyUnit unit) => Path.Combine(path, "runs", unit.Id);

    public bool IsDone(StudyUnit unit) => File.Exists(Record(unit));

    /// <summary>
    /// The record of a unit, or null; read again only when its file has been written again, because a worker that waits
    /// for others looks at all of them several times a second.
    /// </summary>
    public StudyRecord? Recorded(StudyUnit unit)
    {
        string file = Record(unit);
        DateTime written = File.GetLastWriteTimeUtc(file);
        if (_read.TryGetValue(file, out (DateTime Written, StudyRecord Record) known) && known.Written == written)
            return known.Record;
        StudyRecord? record = StudyRecord.Read(file);
        if (record is not null)
            _read[file] = (written, record);
        return record;
    }

    /// <summary>All records, by path.</summary>
    public IReadOnlyList<StudyRecord> Records()
    {
        string folder = Path.Combine(path, "records");
        if (!File.Exists(Path.Combine(path, FileName)))
            throw new VisionMambaException($"{path}: holds no study; give the --output folder of svp study run");
        return !Directory.Exists(folder) ? [] : [.. Directory
            .EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file => StudyRecord.Read(file)!)];
    }

    /// <summary>comparison.json as it was written.</summary>
    public JsonObject Description() => (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(path, FileName)))!;

    /// <summary>
    /// Begins or goes on with a study. Another backbone is refused, and so is a folder that holds something else;
    /// tasks, methods and seeds may be added.
    /// </summary>
    public void Open(StudyFile study, string backboneHash, JsonObject description)
    {
        string file = Path.Combine(path, FileName);
        if (!File.Exists(file))
        {
            TrainingRun.CheckNew(path);
        }
        else
        {
            JsonObject before = Description();
            if ((string?)before["study"] != study.Name)
                throw new VisionMambaException(
                    $"--output {path}: holds the study '{before["study"]}'; give another folder");
            if ((string?)before["backbone_hash"] != backboneHash)
                throw new VisionMambaException(
                    $"--output {path}: was begun with another backbone ({before["backbone"]}); give that one, or "
                    + "another folder");
        }

        AtomicFile.WriteText(file, description.ToJsonString(JsonOutput.Options));
    }

    /// <summary>Takes a unit, so that no other process does; null where one has it. Given back when disposed.</summary>
    /// <exception cref="VisionMambaException">The file that says so cannot be made.</exception>
    public IDisposable? Claim(StudyUnit unit)
    {
        string file = Path.Combine(path, "claims", unit.Id.Replace('/', '~') + ".lock");
        try
        {
            return FileLock.TryTake(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VisionMambaException(
                $"{file}: cannot be made ({e.Message}); make the study's folder writable, or give another --output", e);
        }
    }

    /// <summary>Removes the models of a recorded run; settings, logs and result stay.</summary>
    public void Forget(StudyUnit unit)
    {
        string folder = Run(unit);
        if (!Directory.Exists(folder))
            return;
        foreach (string file in Directory.EnumerateFiles(folder, "*.safetensors"))
            File.Delete(file);
    }
}

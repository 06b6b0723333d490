using VisionMamba.Tensors.Files;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>How a worker's share of a study ended.</summary>
internal enum StudyEnd
{
    /// <summary>Every run is recorded.</summary>
    Finished,

    /// <summary>The time that was given is over.</summary>
    OutOfTime,

    /// <summary>The user stopped it.</summary>
    Interrupted,
}

/// <summary>
/// Does the runs of a study that nobody else does, in order. Any number of workers, in any processes, may share a
/// folder; each can be killed at any moment.
/// </summary>
internal sealed class StudyWorker(
    StudyPlan plan, StudyFolder folder, string backboneHash, IReadOnlyList<string> device, StudyProgress progress)
{
    private static readonly TimeSpan s_wait = TimeSpan.FromMilliseconds(200);
    private readonly StudyRuns _runs = new(plan, folder, device, progress);

    /// <summary>
    /// Works until nothing is left, <paramref name="deadline"/> is past or <paramref name="cancel"/>.
    /// </summary>
    public StudyEnd Run(DateTime deadline, CancellationToken cancel)
    {
        while (true)
        {
            if (cancel.IsCancellationRequested)
                return StudyEnd.Interrupted;
            if (DateTime.UtcNow >= deadline)
                return StudyEnd.OutOfTime;
            switch (Next())
            {
                case null:
                    Clear();
                    return StudyEnd.Finished;
                case false when !cancel.WaitHandle.WaitOne(s_wait):
                    // Others are at work on what is left, or on what has to come first.
                    break;
                case false:
                    return StudyEnd.Interrupted;
            }

            if (_runs.Interrupted)
                return StudyEnd.Interrupted;
        }
    }

    /// <summary>Does one run; false where others have all that is left, null where nothing is.</summary>
    private bool? Next()
    {
        bool left = false;
        foreach (StudyCell cell in plan.Cells)
        {
            IReadOnlyList<StudyUnit> open = StudyChoice.Left(folder, plan.File, cell);
            if (open.Count == 0)
                continue;
            left = true;
            bool tuned = StudyChoice.IsTuned(folder, plan.File, cell);
            foreach (StudyUnit unit in open.Where(u => u.Rate is not null || tuned))
            {
                using IDisposable? claim = folder.Claim(unit);
                if (claim is null || !StudyChoice.Left(folder, plan.File, cell).Contains(unit))
                    continue;
                Do(cell, unit);
                return true;
            }
        }

        return left ? false : null;
    }

    /// <summary>What processes left that were killed between a record and the removal of its model.</summary>
    private void Clear()
    {
        foreach (StudyUnit unit in plan.Cells.SelectMany(c => c.Possible))
            folder.Forget(unit);
    }

    private void Do(StudyCell cell, StudyUnit unit)
    {
        progress.Begin(unit);
        double? rate = unit.Rate ?? StudyChoice.Rate(folder, plan.File, cell);
        StudyRecord empty = Empty(cell, unit, rate ?? plan.File.Rates[0]);
        StudyRecord? record = rate is null
            ? empty with { Failed = "training diverged at every learning rate" }
            : _runs.Do(cell, unit, rate.Value, empty);
        if (record is null)
            return;
        string file = folder.Record(unit);
        // What a process left that was killed while it wrote this record; the claim keeps others away from it.
        AtomicFile.Sweep(Path.GetDirectoryName(file)!, Path.GetFileName(file));
        record.Write(file);
        if (unit.Rate is null)
            folder.Forget(unit);
        // The tuned models are needed until the first seed has taken the chosen one.
        if (unit.Rate is null && unit == cell.Seeds[0])
        {
            foreach (StudyUnit tuned in StudyChoice.Tuning(folder, plan.File, cell))
                folder.Forget(tuned);
        }

        progress.End(cell, unit, record);
    }

    private StudyRecord Empty(StudyCell cell, StudyUnit unit, double rate) => new()
    {
        Study = plan.File.Name,
        Task = unit.Task.Name,
        Group = unit.Task.Group,
        Method = unit.Method.Name,
        SweepOf = unit.Method.Sweep?.Of,
        SweepKey = unit.Method.Sweep?.Key,
        SweepValue = unit.Method.Sweep?.Value,
        Swept = StudyChoice.OwnValues(plan.File, cell.Method),
        Tuning = unit.Rate is not null,
        LearningRate = rate,
        Seed = unit.Seed,
        Grid = plan.File.Rates,
        Arguments = plan.Arguments(unit, rate),
        Backbone = backboneHash,
    };
}

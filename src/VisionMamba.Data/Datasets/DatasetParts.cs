using VisionMamba.Tensors;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// A data set as its files give it, and how the splits that training needs are made of it. All labels index
/// <see cref="Classes"/>.
/// </summary>
internal sealed record DatasetParts(string Name, IReadOnlyList<string> Classes, DatasetPart Train)
{
    private const ulong CutStream = 0x5713;

    public DatasetPart? Validation { get; init; }

    public DatasetPart? Test { get; init; }

    /// <summary>The data set's own list of training and validation part together, in the order to train in.</summary>
    public DatasetPart? TrainAndValidation { get; init; }

    /// <summary>Whether the parts already have the sizes that the options' sample asks for.</summary>
    public bool Sampled { get; init; }

    /// <summary>What lies in the folder and belongs to no part.</summary>
    public IReadOnlyList<NotTaken> NotTaken { get; init; } = [];

    public CutOrder Cut { get; init; } = CutOrder.Shuffled;

    /// <summary>The parts by name, for reports.</summary>
    public IEnumerable<(string Name, DatasetPart Part)> Listed
    {
        get
        {
            yield return ("train", Train);
            if (Validation is not null)
                yield return ("validation", Validation);
            if (Test is not null)
                yield return ("test", Test);
        }
    }

    /// <summary>Keeps the classes that the options want; the others' pictures were left out on purpose.</summary>
    public DatasetParts Limited(DatasetOptions options)
    {
        if (options.OnlyClasses is null && options.MaxClasses is null)
            return this;
        if (options.OnlyClasses?.FirstOrDefault(wanted => !Classes.Contains(wanted)) is { } missing)
            throw new VisionMambaException($"{Name}: there is no class \"{missing}\"");
        var kept = new List<string>();
        int[] labels = new int[Classes.Count];
        for (int i = 0; i < labels.Length; i++)
        {
            bool wanted = options.OnlyClasses?.Contains(Classes[i]) != false && kept.Count != options.MaxClasses;
            labels[i] = wanted ? kept.Count : -1;
            if (wanted)
                kept.Add(Classes[i]);
        }

        return this with
        {
            Classes = kept,
            Train = Train.Relabelled(labels),
            Validation = Validation?.Relabelled(labels),
            Test = Test?.Relabelled(labels),
            TrainAndValidation = TrainAndValidation?.Relabelled(labels),
        };
    }

    /// <summary>The splits: what is trained on, what chooses the best epoch, what is reported at the end.</summary>
    public DatasetSplits Split(DatasetOptions options)
    {
        options.Check();
        bool whole = Validation is null && Test is null;
        if (options.AllowNoTraining && (whole || Train.Samples.Count == 0))
        {
            try
            {
                return Train.Samples.Count == 0 ? OnlyMeasured(options)
                    : Split(options with { AllowNoTraining = false });
            }
            catch (VisionMambaException)
            {
                // What cannot be cut as the run's data were can still be measured whole.
                return (this with { Train = Train with { Samples = [] } }).OnlyMeasured(options) with
                {
                    Whole = Train.ToSet(Name, Classes),
                };
            }
        }

        if (options.Sample is { } sizes && !Sampled)
            return Drawn(sizes, options.Seed).Split(options);
        if (options.MaxTest is { } most && Test?.Samples.Count > most)
            return (this with { Test = Fewer(Test, most) }).Split(options);
        (DatasetPart train, DatasetPart validation) = options.SelectOnTest
            ? SelectedOnTest(options)
            : Validation is null ? HeldOut(options) : WithOwnValidation(Validation, options);
        if (options.TrainOnValidation)
            train = WithValidation(train, options.SelectOnTest ? Validation : validation);
        if (options.MaxImagesPerClass is { } limit)
        {
            train = train with
            {
                Samples = StratifiedSplit.Limit(train.Samples, Classes.Count, limit, options.Seed),
                Told = $"{train.Told}, at most {limit} images a class",
            };
        }

        if (train.Samples.Count == 0)
            throw new VisionMambaException(
                $"{Name}: nothing is left to train on; give --train-fraction a larger value");
        // Found now, not after the first epoch or the last.
        RefuseEmpty("validation", validation);
        RefuseEmpty("test", Test);
        string description = $"train: {train.Told} ({train.Samples.Count}); validation: {validation.Told} "
            + $"({validation.Samples.Count}); test: "
            + (Test is null ? "none" : $"as given ({Test.Samples.Count})");
        return new DatasetSplits(
            train.ToSet($"{Name} train", Classes), validation.ToSet($"{Name} validation", Classes),
            Test?.ToSet($"{Name} test", Classes), description)
        {
            NotTaken = NotTaken,
            Whole = whole ? Train.ToSet(Name, Classes) : null,
        };
    }

    private void RefuseEmpty(string name, DatasetPart? part)
    {
        if (part?.Samples.Count == 0)
        {
            throw new VisionMambaException(
                $"{Name}: no {name} images are left of {Classes.Count} classes; give --max-classes or the like a "
                + "larger value");
        }
    }

    /// <summary>Parts without one to train on.</summary>
    private DatasetSplits OnlyMeasured(DatasetOptions options)
    {
        DatasetPart? test = Test is not null && options.MaxTest is { } most ? Fewer(Test, most) : Test;
        DatasetPart validation = Validation ?? Train with { Told = "none" };
        return new DatasetSplits(
            Train.ToSet($"{Name} train", Classes), validation.ToSet($"{Name} validation", Classes),
            test?.ToSet($"{Name} test", Classes),
            $"train: none; validation: {validation.Told} ({validation.Samples.Count}); test: "
            + (test is null ? "none" : $"as given ({test.Samples.Count})"))
        {
            NotTaken = NotTaken,
        };
    }

    private DatasetParts Drawn(SampleSizes sizes, ulong seed)
    {
        DatasetPart all = TrainAndValidation ?? Train;
        (List<Sample> train, List<Sample> validation) = sizes.Draw(all.Samples, Classes.Count, seed, Name);
        string told = $"{sizes} of {all.Told}, seed {seed}";
        return this with
        {
            Train = all with { Samples = train, Told = told },
            Validation = all with { Samples = validation, Told = told },
            Test = Test ?? (TrainAndValidation is null ? Validation : null),
            TrainAndValidation = null,
            Sampled = true,
        };
    }

    /// <summary>Not by the options' seed: runs with different seeds are measured on the same images.</summary>
    private DatasetPart Fewer(DatasetPart part, int most) => part with
    {
        Samples = [.. StratifiedSplit.Turns(part.Samples, Classes.Count, seed: 0).Take(most).Order()
            .Select(i => part.Samples[i])],
    };

    private (DatasetPart Train, DatasetPart Validation) SelectedOnTest(DatasetOptions options)
    {
        if (Test is null)
            throw new VisionMambaException($"{Name}: has no test part to select on; leave --select-on test out");
        DatasetPart all = TrainAndValidation ?? Train;
        return (Share(all, options).First, Test with { Told = "the test part, as the released code" });
    }

    private (DatasetPart Train, DatasetPart Validation) WithOwnValidation(DatasetPart own, DatasetOptions options)
    {
        // Stanford Cars' val.json repeats 815 images of its train.json.
        var known = own.Samples.Select(s => s.Path).ToHashSet();
        List<Sample> rest = Train.Samples.Where(s => !known.Contains(s.Path)).ToList();
        int shared = Train.Samples.Count - rest.Count;
        DatasetPart train = shared == 0
            ? Train
            : Train with { Samples = rest, Told = $"{Train.Told} without {shared} images of the validation part" };
        return (Share(train, options).First, own);
    }

    private (DatasetPart Train, DatasetPart Validation) HeldOut(DatasetOptions options)
    {
        if (options.TrainFraction is not null)
        {
            (DatasetPart first, DatasetPart rest) = Share(Train, options);
            return rest.Samples.Count > 0 ? (first, rest) : throw new VisionMambaException(
                $"{Name}: --train-fraction {DatasetOptions.Show(options.TrainFraction.Value)} leaves nothing to "
                + "validate on; lower it, or add --select-on test");
        }

        (List<Sample> train, List<Sample> validation) =
            StratifiedSplit.Split(Train.Samples, Classes.Count, options.ValidationFraction, options.Seed);
        if (validation.Count == 0)
            throw new VisionMambaException(
                $"{Name}: every class has a single image, none can be held out for validation; add images");
        string told = $"{DatasetOptions.Show(options.ValidationFraction)} of each class of {Train.Told}, "
            + $"seed {options.Seed}";
        return (Train with { Samples = train }, Train with { Samples = validation, Told = told });
    }

    /// <summary>The first share of a part and the rest, both in the part's order.</summary>
    private (DatasetPart First, DatasetPart Left) Share(DatasetPart part, DatasetOptions options)
    {
        if (options.TrainFraction is not { } share)
            return (part, part with { Samples = [] });
        int count = part.Samples.Count, kept = (int)(share * count);
        bool[] first = new bool[count];
        if (Cut == CutOrder.AsListed)
            Array.Fill(first, true, 0, kept);
        else
            foreach (int i in new Rng(options.Seed, CutStream).Permutation(count).AsSpan(0, kept))
                first[i] = true;
        string how = Cut == CutOrder.AsListed ? "in the file's order" : $"after a shuffle, seed {options.Seed}";
        string shown = DatasetOptions.Show(share);
        return (
            part with { Samples = Where(part, first, true), Told = $"first {shown} of {part.Told} {how}" },
            part with { Samples = Where(part, first, false), Told = $"what the first {shown} leave of {part.Told}" });
    }

    private DatasetPart WithValidation(DatasetPart train, DatasetPart? validation)
    {
        if (validation is null)
            return train;
        if (TrainAndValidation is not null)
            return TrainAndValidation;
        if (!ReferenceEquals(train.Source, validation.Source))
            throw new VisionMambaException($"{Name}: its training and validation part cannot be trained on together");
        var known = train.Samples.Select(s => s.Path).ToHashSet();
        List<Sample> both = [.. train.Samples, .. validation.Samples.Where(s => !known.Contains(s.Path))];
        return train with { Samples = both, Told = $"{train.Told} and the validation part" };
    }

    private static List<Sample> Where(DatasetPart part, bool[] marks, bool mark) =>
        part.Samples.Where((_, i) => marks[i] == mark).ToList();
}

namespace VisionMamba.Data.Datasets;

/// <summary>Turns the parts that a data set brings into the splits that training needs.</summary>
internal sealed class DatasetParts(string name, (List<string> Classes, List<Sample> Samples) training)
{
    public IReadOnlyList<string> Classes => training.Classes;

    public DatasetSplits Split(
        List<Sample>? validation, List<Sample>? test, DatasetOptions options, string trained, string? validated)
    {
        List<Sample> train = training.Samples;
        if (validation is null)
        {
            (train, validation) =
                StratifiedSplit.Split(train, Classes.Count, options.ValidationFraction, options.Seed);
            if (validation.Count == 0)
                throw new VisionMambaException(
                    $"{name}: every class has a single image, none can be held out for validation; add images");
            validated = FormattableString.Invariant(
                $"{options.ValidationFraction:0.###} of each class of {trained}, seed {options.Seed}");
        }

        if (options.MaxImagesPerClass is { } limit)
        {
            train = StratifiedSplit.Limit(train, Classes.Count, limit, options.Seed);
            trained += $", at most {limit} images a class";
        }

        string description = $"train: {trained} ({train.Count}); validation: {validated} ({validation.Count}); test: "
            + (test is null ? "none" : $"as given ({test.Count})");
        return new DatasetSplits(
            new ImageDataset($"{name} train", Classes, train),
            new ImageDataset($"{name} validation", Classes, validation),
            test is null ? null : new ImageDataset($"{name} test", Classes, test),
            description);
    }
}

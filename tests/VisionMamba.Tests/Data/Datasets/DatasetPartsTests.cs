using VisionMamba.Data.Datasets;

namespace VisionMamba.Tests.Data.Datasets;

public sealed class DatasetPartsTests
{
    /// <summary>Lists of few images do not hold every class: that must not come out after the first epoch.</summary>
    [Theory]
    [InlineData(true, "no validation images are left of 2 classes")]
    [InlineData(false, "no test images are left of 2 classes")]
    public void APartThatALimitEmptiesIsRefusedBeforeTraining(bool validation, string says)
    {
        DatasetPart third = Part("third", 2, 2), all = Part("all", 0, 1, 2);
        var parts = new DatasetParts("listed", ["a", "b", "c"], Part("train", 0, 1, 2, 0, 1, 2))
        {
            Validation = validation ? third : all,
            Test = validation ? all : third,
        };
        var options = new DatasetOptions { MaxClasses = 2 };
        string message = Assert.Throws<VisionMambaException>(() => parts.Limited(options).Split(options)).Message;
        Assert.Contains(says, message);
        Assert.Contains("--max-classes", message);
        DatasetSplits whole = parts.Split(new DatasetOptions());
        Assert.Equal((6, validation ? 2 : 3), (whole.Train.Count, whole.Validation.Count));
    }

    private static DatasetPart Part(string name, params int[] labels) =>
        new(name, [.. labels.Select((label, i) => new Sample($"{name}/{i}.png", label))]);
}

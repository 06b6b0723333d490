using VisionMamba.Cli.Studies.Comparison;
using VisionMamba.Tests.Data;

namespace VisionMamba.Tests.Cli.Studies;

/// <summary>Which learning rates a study tries, from records that are written down here.</summary>
public sealed class StudyChoiceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>One standard error of 50 % on 100 images is 5 points.</summary>
    [Theory]
    [InlineData(0, "0.40 0.50 0.49", "")]
    [InlineData(0, "0.40 0.49 0.50", "0.64")]
    [InlineData(0, "0.50 0.49 0.40", "0.0025")]
    // Equal top-1: the lower loss decides, and the end of the other is not the best.
    [InlineData(0, "0.40 0.50 0.50", "")]
    [InlineData(1, "0.40 0.50 0.44", "")]
    [InlineData(1, "0.40 0.50 0.46", "0.64")]
    [InlineData(1, "0.46 0.50 0.46", "0.0025 0.64")]
    [InlineData(1, "0.46 0.50 0.44", "0.0025")]
    [InlineData(2, "0.39 0.50 0.41", "0.64")]
    [InlineData(1, "0.40 0.50 failed", "")]
    [InlineData(1, "failed failed failed", "")]
    public void RatesBeyondAnEndAreTriedWhereItIsGoodEnough(double within, string top1, string beyond)
    {
        StudyFile file = File(within, beyond: 1);
        StudyCell cell = Record(file, top1.Split(' '));
        double[] wanted = [.. beyond.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
        Assert.Equal(wanted, StudyChoice.Tuning(Study, file, cell).Skip(3).Select(u => u.Rate!.Value));
        Assert.Equal(wanted.Length == 0, StudyChoice.IsTuned(Study, file, cell));
        Assert.Equal(wanted.Length, StudyChoice.Left(Study, file, cell).Count(u => u.Rate is not null));
    }

    [Fact]
    public void NoMoreThanTheGivenNumberIsTriedBeyondAnEnd()
    {
        StudyFile file = File(within: 1, beyond: 2);
        StudyCell cell = Record(file, ["0.40", "0.50", "0.48"]);
        Write(cell.Above[0], "0.47", 3);
        Assert.Equal([0.64, 2.56], StudyChoice.Tuning(Study, file, cell).Skip(3).Select(u => u.Rate!.Value));
        Write(cell.Above[1], "0.51", 4);
        Assert.Equal(5, StudyChoice.Tuning(Study, file, cell).Count);
        Assert.Equal(2.56, StudyChoice.Rate(Study, file, cell));
    }

    private StudyFolder Study => new(_folder.Path);

    private StudyFile File(double within, int beyond)
    {
        _folder.Write("study.json", $$"""
            { "name": "s", "lr": [0.01, 0.04, 0.16], "lr_beyond": {{beyond}}, "lr_beyond_within": {{within}},
              "seeds": [0], "tasks": [{ "name": "t" }], "methods": [{ "name": "linear" }] }
            """);
        return StudyFile.Load(_folder.At("study.json"));
    }

    private StudyCell Record(StudyFile file, string[] top1)
    {
        StudyCell cell = StudyPlan.Of(file, "", 64, new Dictionary<string, string>(), null, null).Cells.Single();
        for (int i = 0; i < top1.Length; i++)
            Write(cell.Tuning[i], top1[i], loss: i);
        return cell;
    }

    private void Write(StudyUnit unit, string top1, double loss) => new StudyRecord
    {
        Study = "s",
        Task = "t",
        Group = "t",
        Method = "linear",
        Tuning = true,
        LearningRate = unit.Rate!.Value,
        Seed = 0,
        Grid = [0.01, 0.04, 0.16],
        Arguments = [],
        Backbone = "",
        Failed = top1 == "failed" ? top1 : null,
        ValidationTop1 = top1 == "failed" ? null : Parse(top1),
        ValidationLoss = top1 == "failed" ? null : loss,
        ValidationImages = 100,
    }.Write(Study.Record(unit));

    private static double Parse(string text) => double.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}

namespace VisionMamba.Tests.Golden;

/// <summary>Says how many recorded cases were found, so that an empty folder cannot pass for a full one.</summary>
public sealed class CaseCountTests(ITestOutputHelper output)
{
    [Fact]
    public void SomeCasesAreFound()
    {
        int passes = ModelCase.Names("forward_backward").Count(), runs = ModelCase.Names("training").Count();
        string line = $"reference cases: {passes + runs}";
        output.WriteLine(line);
        Console.WriteLine(line);
        Assert.True(passes > 0 && runs > 0, $"{passes} forward/backward and {runs} training cases found");
    }
}

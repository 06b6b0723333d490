using System.Text.Json;
using VisionMamba.Cli.Studies.Comparison;
using VisionMamba.Tests.Data;

namespace VisionMamba.Tests.Cli.Studies;

public sealed class StudyFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AClaimKeepsOthersOutUntilItIsGivenBack()
    {
        StudyFolder study = new(_folder.Path), other = new(_folder.Path);
        using (IDisposable? claim = study.Claim(Unit("svp")))
        {
            Assert.NotNull(claim);
            Assert.Null(other.Claim(Unit("svp")));
            using IDisposable? another = other.Claim(Unit("linear"));
            Assert.NotNull(another);
        }

        using IDisposable? again = other.Claim(Unit("svp"));
        Assert.NotNull(again);
    }

    /// <summary>Waiting for it would never end.</summary>
    [Theory]
    [InlineData("claims")]
    [InlineData("claims/halves~svp~seed-3.lock/is a folder")]
    public void AClaimThatCannotBeMadeIsOneLine(string inTheWay)
    {
        _folder.Write(inTheWay, "");
        string error = Assert.Throws<VisionMambaException>(
            () => new StudyFolder(_folder.Path).Claim(Unit("svp"))).Message;
        Assert.StartsWith(_folder.At(Path.Combine("claims", "halves~svp~seed-3.lock")), error);
        Assert.Contains("cannot be made", error);
        Assert.Contains("--output", error);
        Assert.DoesNotContain('\n', error);
    }

    private static StudyUnit Unit(string method)
    {
        var none = new Dictionary<string, JsonElement>();
        return new StudyUnit(
            new StudyTask("halves", "own", null, none), new StudyMethod(method, "svp", none, null, null), null, 3);
    }
}

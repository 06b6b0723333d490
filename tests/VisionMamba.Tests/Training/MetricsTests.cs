using VisionMamba.Training;

namespace VisionMamba.Tests.Training;

public sealed class MetricsTests
{
    [Fact]
    public void CountsTop1Top5AndConfusion()
    {
        var metrics = new Metrics(7);
        metrics.Add([9, 1, 2, 3, 4, 5, 6], 0);
        metrics.Add([9, 1, 2, 3, 4, 5, 6], 3);
        metrics.Add([9, 1, 2, 3, 4, 5, 6], 2);
        metrics.Add([0, 0, 0, 0, 0, 0, 0], 5);
        Assert.Equal(4, metrics.Count);
        Assert.Equal(1 / 4.0, metrics.Top1);
        // Five logits come before class 2's; of equal logits the first five classes count.
        Assert.Equal(2 / 4.0, metrics.Top5);
        Assert.Equal(1, metrics.Confusion(3, 0));
        Assert.Equal(1, metrics.ClassAccuracy(0));
        Assert.Equal(0, metrics.ClassAccuracy(2));
        Assert.True(double.IsNaN(metrics.ClassAccuracy(1)));
    }
}

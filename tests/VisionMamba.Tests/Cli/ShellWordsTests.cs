using VisionMamba.Cli.Output;

namespace VisionMamba.Tests.Cli;

public sealed class ShellWordsTests
{
    [Theory]
    [InlineData("runs/mine-1_2", "runs/mine-1_2")]
    [InlineData("1e-05", "1e-05")]
    [InlineData("", "\"\"")]
    [InlineData("my runs", "\"my runs\"")]
    [InlineData("R&D", "\"R&D\"")]
    [InlineData("a(b);c", "\"a(b);c\"")]
    public void WhatAShellWouldReadIsQuoted(string word, string quoted) =>
        Assert.Equal($"svp {quoted}", ShellWords.Of(["svp", word]));

    [Theory]
    [InlineData("$HOME", "'$HOME'")]
    [InlineData("it's `x`", @"'it'\''s `x`'")]
    public void WhatDoubleQuotesDoNotKeepIsInSingleOnes(string word, string quoted)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows' shells know double quotes");
        Assert.Equal(quoted, ShellWords.Of([word]));
    }
}

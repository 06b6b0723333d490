using System.Text.Json.Nodes;
using VisionMamba.Cli;

namespace VisionMamba.Tests.Cli;

/// <summary>What a run of svp left behind.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Output">All of stdout.</param>
/// <param name="Log">All of stderr.</param>
internal sealed record CommandResult(int Code, string Output, string Log)
{
    /// <summary>stdout as the one JSON document that --json promises.</summary>
    public JsonNode Json => JsonNode.Parse(Output)!;
}

/// <summary>
/// Runs svp in this process. Tests that use it share <see cref="Collection"/>, because the console is shared.
/// </summary>
internal static class CommandLine
{
    public const string Collection = "console";

    public static CommandResult Run(params string[] arguments)
    {
        TextWriter output = Console.Out, log = Console.Error;
        using var newOutput = new StringWriter();
        using var newLog = new StringWriter();
        Console.SetOut(newOutput);
        Console.SetError(newLog);
        try
        {
            int code = App.RunAsync(arguments).GetAwaiter().GetResult();
            return new CommandResult(code, newOutput.ToString(), newLog.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(log);
        }
    }

    /// <summary>As <see cref="Run"/>, for a command that must succeed.</summary>
    public static CommandResult Succeed(params string[] arguments)
    {
        CommandResult result = Run(arguments);
        Assert.True(result.Code == 0, $"svp {string.Join(' ', arguments)} gave {result.Code}: {result.Log}");
        return result;
    }
}

[CollectionDefinition(CommandLine.Collection, DisableParallelization = true)]
public sealed class ConsoleCollection;

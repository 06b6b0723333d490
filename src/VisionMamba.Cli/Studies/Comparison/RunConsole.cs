using System.Text.Json;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;
using VisionMamba.Training;

namespace VisionMamba.Cli.Studies.Comparison;

/// <summary>
/// Other command lines of svp, run in this process without being seen: a study says itself how it goes on.
/// </summary>
internal static class RunConsole
{
    /// <summary>
    /// Runs a command line. What it logs goes to the end of <paramref name="log"/>, where that is given, and
    /// <paramref name="progress"/> is told of its training. Errors are exceptions.
    /// </summary>
    public static int Run(IReadOnlyList<string> arguments, string? log, ITrainingProgress? progress) =>
        Quietly(arguments, log, progress).Code;

    /// <summary>Runs a command line with --json; gives what it prints.</summary>
    public static JsonObject Json(IReadOnlyList<string> arguments)
    {
        (int code, string output) = Quietly([.. arguments, "--json"], null, null);
        try
        {
            return code == 0 ? (JsonObject)JsonNode.Parse(output)! : throw new VisionMambaException(
                $"svp {string.Join(' ', arguments)}: failed");
        }
        catch (JsonException e)
        {
            throw new VisionMambaException($"svp {string.Join(' ', arguments)}: printed no JSON ({e.Message})", e);
        }
    }

    private static (int Code, string Output) Quietly(
        IReadOnlyList<string> arguments, string? log, ITrainingProgress? progress)
    {
        TextWriter output = Console.Out, errors = Console.Error;
        ITrainingProgress? before = TrainingConsole.Instead;
        using var printed = new StringWriter();
        using TextWriter logged = log is null ? new StringWriter() : File.AppendText(log);
        try
        {
            Console.SetOut(printed);
            Console.SetError(logged);
            TrainingConsole.Instead = progress ?? before;
            return (App.Invoke(arguments), printed.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
            TrainingConsole.Instead = before;
        }
    }
}

using System.CommandLine;
using VisionMamba.Cli.Verbs;

namespace VisionMamba.Cli;

/// <summary>The svp command. Results go to stdout, logs and progress to stderr; exit codes: 0 done, 1 failed, 2 bad usage.</summary>
internal static class App
{
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("Adapt Vision Mamba models to new image tasks with Selective Visual Prompting.")
        {
            DemoVerb.Create(), TrainVerb.Create(), PretrainVerb.Create(), EvaluateVerb.Create(), PredictVerb.Create(),
            InspectVerb.Create(), DoctorVerb.Create(), BenchVerb.Create(), DataVerb.Create(),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            // A mistyped verb is reported as a missing one first; what was not understood says more.
            string message = parsed.UnmatchedTokens.Count > 0
                ? $"'{parsed.UnmatchedTokens[0]}' is not a command or option"
                : parsed.Errors[0].Message;
            await Console.Error.WriteLineAsync($"svp: {message} (--help lists what there is)");
            return 2;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // Verbs end by themselves after they have saved.
                ProcessTerminationTimeout = null,
            });
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync($"svp: {e.Message}");
            return 2;
        }
        catch (Exception e) when (Find<VisionMambaException>(e) is { } known)
        {
            await Console.Error.WriteLineAsync($"svp: {known.Message}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("svp: interrupted");
            return 1;
        }
    }

    private static T? Find<T>(Exception? e)
        where T : Exception
    {
        while (e is not null and not T)
            e = e.InnerException;
        return e as T;
    }
}

/// <summary>The command line itself is wrong; exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);

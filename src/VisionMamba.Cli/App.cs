using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using VisionMamba.Cli.Recipes;
using VisionMamba.Cli.Verbs;

namespace VisionMamba.Cli;

/// <summary>The svp command. Results go to stdout, logs and progress to stderr; exit codes: 0 done, 1 failed, 2 bad
/// usage.</summary>
internal static partial class App
{
    public static async Task<int> RunAsync(string[] args)
    {
        ParseResult? parsed = null;
        try
        {
            parsed = Parse(args);
            return await parsed.InvokeAsync(Configuration);
        }
        catch (UsageException e) when (parsed is not null && RecipeFlag.Blame(parsed, e.Message) is { } blamed)
        {
            await Console.Error.WriteLineAsync($"svp: {blamed}");
            return 1;
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync($"svp: {e.Message}");
            return 2;
        }
        catch (Exception e) when (Find<VisionMambaException>(e) is { } known)
        {
            await Console.Error.WriteLineAsync(
                $"svp: {(parsed is null ? null : RecipeFlag.Blame(parsed, known.Message)) ?? known.Message}");
            return 1;
        }
        catch (Exception e) when (Find<OutOfMemoryException>(e) is not null)
        {
            await Console.Error.WriteLineAsync(
                "svp: there is not enough memory; give a --memory-limit, or a smaller --batch or --image-size");
            return 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What no verb expected of a file: a full disk, a folder without permission, a closed pipe.
            await Console.Error.WriteLineAsync($"svp: {RecipeOptions.OneLine(e.Message)}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("svp: interrupted");
            return 1;
        }
    }

    /// <summary>Runs another command line from within a verb; errors are exceptions.</summary>
    public static int Invoke(IReadOnlyList<string> args) => Parse(args).Invoke(Configuration);

    /// <summary>The verbs, made anew: a recipe changes the options' defaults.</summary>
    public static RootCommand Root() => new(
        "Adapt Vision Mamba models to new image tasks with Selective Visual Prompting.")
    {
        DemoVerb.Create(), TrainVerb.Create(), TuneVerb.Create(), StudyVerb.Create(), RunsVerb.Create(),
        RecipesVerb.Create(), PretrainVerb.Create(), EvaluateVerb.Create(), PredictVerb.Create(),
        ExplainVerb.Create(), ExportVerb.Create(), PackVerb.Create(), InspectVerb.Create(), DoctorVerb.Create(),
        BenchVerb.Create(), DataVerb.Create(),
    };

    private static InvocationConfiguration Configuration => new()
    {
        EnableDefaultExceptionHandler = false,
        // Verbs end by themselves after they have saved.
        ProcessTerminationTimeout = null,
    };

    private static ParseResult Parse(IReadOnlyList<string> args)
    {
        ParseResult parsed = RecipeFlag.Parse(Root(), args);
        if (parsed.Errors.Count == 0)
        {
            RefuseEmptyPaths(parsed);
            return parsed;
        }

        // A mistyped verb is reported as a missing one first; what was not understood says more.
        string message = parsed.UnmatchedTokens.Count > 0
            ? $"'{parsed.UnmatchedTokens[0]}' is not a command or option"
            : Named(parsed.Errors[0]);
        throw new UsageException($"{message} (--help lists what there is)");
    }

    /// <summary>They come from variables that a script did not set, and would mean the working folder.</summary>
    private static void RefuseEmptyPaths(ParseResult parsed)
    {
        static bool IsPath(Option option) => option.HelpName is { } help
            && (help.Contains("DIR", StringComparison.Ordinal) || help.Contains("FILE", StringComparison.Ordinal));
        OptionResult? empty = parsed.CommandResult.Children.OfType<OptionResult>().FirstOrDefault(
            o => IsPath(o.Option) && o.Tokens.Any(t => string.IsNullOrWhiteSpace(t.Value)));
        if (empty is not null)
            throw new UsageException($"{empty.Option.Name}: is empty; give a path or leave it out");
    }

    private static string Named(ParseError error)
    {
        string message = Types().Replace(RecipeOptions.OneLine(error.Message), type => type.Groups[1].Value switch
        {
            var name when name.Contains("UInt", StringComparison.Ordinal) => "as a whole number, 0 or more",
            var name when name.Contains("Int", StringComparison.Ordinal) => "as a whole number",
            var name when name.Contains("Double", StringComparison.Ordinal) => "as a number",
            var name when name.Contains("Boolean", StringComparison.Ordinal) => "as true or false",
            _ => type.Value,
        });
        return error.SymbolResult is OptionResult { Option.Name: var flag }
            && !message.Contains(flag, StringComparison.Ordinal) ? $"{flag}: {message}" : message;
    }

    [GeneratedRegex("as expected type '([^']*)'")]
    private static partial Regex Types();

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

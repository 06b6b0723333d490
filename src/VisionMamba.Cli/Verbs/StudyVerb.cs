using System.CommandLine;
using System.Text.Json.Nodes;
using VisionMamba.Cli.Output;
using VisionMamba.Cli.Studies.Comparison;

namespace VisionMamba.Cli.Verbs;

/// <summary>svp study: compares methods on tasks, tuned alike, over seeds.</summary>
internal static class StudyVerb
{
    public static Command Create() => new(
        "study", "Compare tuning methods on several tasks: run a study file, render its report.")
    {
        RunCommand(), ReportCommand(), SchemaCommand(),
    };

    private static Command RunCommand()
    {
        var command = new Command("run", "Run a study, or go on with it; the same command, after any interruption.");
        var flags = new StudyRunFlags();
        foreach (Argument argument in flags.Arguments)
            command.Arguments.Add(argument);
        foreach (Option option in flags.All)
            command.Options.Add(option);
        flags.Device.AddTo(command);
        command.SetAction(flags.Run);
        return command;
    }

    private static Command ReportCommand()
    {
        var command = new Command("report", "Render report.html, charts and tables of a study, finished or not.");
        var folder = new Argument<string>("DIR") { Description = "the --output folder of svp study run" };
        var output = new Option<string?>("--output")
        {
            Description = "folder for the report (default: DIR/report)",
            HelpName = "DIR",
        };
        var json = new Option<bool>("--json") { Description = "print the result as JSON" };
        command.Arguments.Add(folder);
        command.Options.Add(output);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            string from = parsed.GetValue(folder)!;
            JsonObject written = StudyReport.Write(from, parsed.GetValue(output) ?? Path.Combine(from, "report"));
            if (parsed.GetValue(json))
                JsonOutput.Write(written);
            else
                Console.Out.WriteLine((string)written["report"]!);
            return 0;
        });
        return command;
    }

    private static Command SchemaCommand()
    {
        var command = new Command("schema", "Print the JSON Schema of study files.");
        command.SetAction(_ => Console.Out.Write(StudySchema.Text()));
        return command;
    }
}

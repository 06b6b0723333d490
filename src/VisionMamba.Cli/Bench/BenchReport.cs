using System.Text.Json.Nodes;
using Spectre.Console;

namespace VisionMamba.Cli.Bench;

/// <summary>The figures of svp bench as tables.</summary>
internal static class BenchReport
{
    public static void Print(JsonObject report)
    {
        JsonNode machine = report["machine"]!;
        string byThreads = string.Join(", ", machine["gflops_by_threads"]!.AsObject().Select(peak =>
            $"{peak.Key} thread{(peak.Key == "1" ? "" : "s")} {(double)peak.Value!:F0}"));
        Console.Out.WriteLine($"{report["device"]}: multiply-add peak {(double)machine["gflops"]!:F0} GFLOP/s"
            + $"{(byThreads.Length == 0 ? "" : $" ({byThreads})")}, "
            + $"copy {(double)machine["gigabytes_per_second"]!:F1} GB/s");
        foreach (JsonNode? model in report["models"]!.AsArray())
            Whole(model!);
        Console.Out.WriteLine($"peak memory of the process {(long)report["peak_memory_bytes"]! / 1e6:F0} MB");
    }

    /// <summary>The table of svp bench --scaling.</summary>
    public static void PrintScaling(JsonObject report)
    {
        Console.Out.WriteLine($"{report["device"]}");
        foreach (JsonNode? model in report["models"]!.AsArray())
        {
            Console.Out.WriteLine($"{model!["model"]}");
            Table table = Columns(
                "px", "patches", "batch", "forward s/image", "us/token", "MB/image", "SVP step s/image", "us/token ",
                "MB/image ");
            foreach (JsonNode? row in model["scaling"]!.AsArray())
                table.AddRow([$"{row!["image_size"]}", $"{row["patches"]}", $"{row["batch"]}",
                    .. Pass(row["forward"]!), .. Pass(row["svp_step"]!)]);
            Write(table);
        }

        Console.Out.WriteLine($"peak memory of the process {(long)report["peak_memory_bytes"]! / 1e6:F0} MB");

        static string[] Pass(JsonNode m) =>
        [
            $"{(double)m["seconds_per_image"]!:F4}", $"{(double)m["microseconds_per_token"]!:F1}",
            $"{(long)m["activation_bytes_per_image"]! / 1e6:F1}",
        ];
    }

    private static void Whole(JsonNode model)
    {
        Console.Out.WriteLine($"{model["model"]}, {model["image_size"]} px, batch {model["batch"]}");
        Table table = Columns("pass", "s/image", "images/s", "floor s/image", "of floor", "activations");
        foreach (string pass in ModelBench.Passes)
        {
            if (model[pass] is not { } m)
                continue;
            table.AddRow(
                pass, $"{(double)m["seconds_per_image"]!:F4}", $"{(double)m["images_per_second"]!:F2}",
                $"{(double)m["floor_seconds_per_image"]!:F4}", $"{(double)m["share_of_floor"]!:P0}",
                $"{(long)m["activation_bytes_per_image"]! / 1e6:F1} MB/image");
        }

        Write(table);
        if (model["operations"] is JsonArray operations)
            Operations(operations);
    }

    private static void Operations(JsonArray operations)
    {
        Table table = Columns("one block", "pass", "calls", "ms/image", "floor ms", "of floor");
        foreach (JsonNode? o in operations)
        {
            table.AddRow(
                (string)o!["operation"]!, (string)o["pass"]!, $"{o["calls"]}",
                $"{(double)o["milliseconds_per_image"]!:F3}", $"{(double)o["floor_milliseconds_per_image"]!:F3}",
                $"{(double)o["share_of_floor"]!:P0}");
        }

        Write(table);
    }

    private static Table Columns(params string[] names)
    {
        var table = new Table { Border = TableBorder.Simple };
        for (int i = 0; i < names.Length; i++)
            table.AddColumn(new TableColumn(names[i]) { Alignment = i == 0 ? Justify.Left : Justify.Right });
        return table;
    }

    private static void Write(Table table) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(Console.Out),
        Ansi = AnsiSupport.No,
    }).Write(table);
}

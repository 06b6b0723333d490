using System.CommandLine;

namespace VisionMamba.Cli.Studies;

/// <summary>
/// What a search chooses by: validation images that it neither trains on nor takes from the test part.
/// </summary>
internal static class SearchImages
{
    /// <summary>Refuses flags, also of a recipe, that would let <paramref name="search"/> choose by others.</summary>
    /// <exception cref="UsageException">In one line that names the flag.</exception>
    public static void Check(ParseResult parsed, string search)
    {
        if (parsed.GetValue<string>("--select-on") == "test")
            throw new UsageException(
                $"--select-on test: {search} never looks at the test images; leave it out, also in a recipe");
        if (parsed.GetValue<bool>("--train-on-validation"))
        {
            throw new UsageException($"--train-on-validation: {search} chooses by the validation images and cannot "
                + "train on them; leave it out, also in a recipe, and give it to the training that follows");
        }
    }
}

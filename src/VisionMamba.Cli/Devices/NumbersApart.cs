using System.Globalization;

namespace VisionMamba.Cli.Devices;

/// <summary>How far two computations of the same named numbers are apart.</summary>
internal static class NumbersApart
{
    /// <summary>
    /// What a device may differ by, as a share of each tensor's largest number: a little more than recorded passes and
    /// steps of Vim-Tiny and of small models differ by where the processor cuts (TF32, 8.6e-3) or rounds (bf16, 2.1e-2;
    /// fp16, 2.4e-3) the inputs of products.
    /// </summary>
    /// <param name="precision">fp32, tf32, bf16 or fp16.</param>
    public static double Allowed(string precision) => precision switch
    {
        "fp16" => 5e-3,
        "tf32" => 1e-2,
        "bf16" => 3e-2,
        _ => 2e-4,
    };

    /// <summary>"ok" with the largest difference, or what is wrong: the tensor that is furthest apart.</summary>
    public static string Judge(
        IReadOnlyDictionary<string, float[]> expected, IReadOnlyDictionary<string, float[]> actual, double allowed)
    {
        (string worst, double difference) = ("", 0);
        foreach ((string name, float[] numbers) in expected)
        {
            if (!actual.TryGetValue(name, out float[]? others) || others.Length != numbers.Length)
                return $"wrong: {name} has {others?.Length ?? 0} numbers, not {numbers.Length}";
            double largest = Math.Max(numbers.Max(Math.Abs), 1e-6);
            double here = numbers.Zip(others, (a, b) => Math.Abs(a - b) / largest).Max();
            // NaN is worse than any number.
            if (!(here <= difference))
                (worst, difference) = (name, here);
        }

        string figure = difference.ToString("0.0e0", CultureInfo.InvariantCulture);
        return difference <= allowed ? $"ok ({figure} of the largest number apart at most)"
            : $"wrong: {worst} is {figure} of its largest number apart, {allowed:0.0e0} is allowed";
    }
}

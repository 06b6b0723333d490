using VisionMamba.Tensors;
using VisionMamba.Tensors.Cpu;
using VisionMamba.Tests.Oracles;

namespace VisionMamba.Tests.Ops;

/// <summary>
/// Every operation on the processor against its oracle: outputs within 1e-5 of their scale, gradients within 1e-4 of
/// theirs. The oracle's derivatives are central differences, for every number of small inputs, and for large ones for
/// some numbers and along random directions in which every number takes part.
/// </summary>
public sealed class OpTests
{
    private const int ElementsChecked = 12;
    private const int Directions = 2;
    private static readonly Dictionary<string, OpCase> Cases = OpCases.All().ToDictionary(c => c.Name);

    public static IEnumerable<TheoryDataRow<string>> Names => Cases.Keys.Select(n => new TheoryDataRow<string>(n));

    [Theory]
    [MemberData(nameof(Names))]
    public void OutputsEqualTheOracle(string name)
    {
        OpCase c = Cases[name];
        Block[] expected = c.Expected();
        OpRun run = OpRun.Execute(c);
        Assert.Equal(expected.Length, run.Outputs.Length);
        for (int o = 0; o < expected.Length; o++)
        {
            Assert.Equal(expected[o].Count, run.Outputs[o].Length);
            double scale = expected[o].Values.Max(Math.Abs);
            for (int i = 0; i < expected[o].Count; i++)
                Near(expected[o][i], run.Outputs[o][i], 1e-5 * scale, $"output {o}[{i}]");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void GradientsEqualCentralDifferences(string name)
    {
        OpCase c = Cases[name];
        var differences = new CentralDifferences(c);
        OpRun run = OpRun.Execute(c);
        for (int input = 0; input < c.Inputs.Length; input++)
        {
            if (!c.Inputs[input].Differentiable)
                continue;
            float[] gradient = run.Gradients[input]!;
            double scale = Math.Max(gradient.Max(Math.Abs), 1e-6);
            foreach (int element in Sample(c, input))
            {
                double expected = differences.Element(input, element);
                Near(expected, gradient[element], 1e-4 * scale, $"d {c.Inputs[input].Name}[{element}]");
            }

            CheckDirections(c, differences, input, gradient, scale);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void GradientsAreAdded(string name)
    {
        OpCase c = Cases[name];
        OpRun plain = OpRun.Execute(c);
        Block[] before = [.. c.Inputs.Select(i => Values.Normal($"{name} before {i.Name}", 1, 0, i.Values.Shape))];
        OpRun added = OpRun.Execute(c, gradients: before);
        for (int input = 0; input < c.Inputs.Length; input++)
        {
            float[] gradient = added.Gradients[input]!;
            double scale = (plain.Gradients[input] ?? [0]).Max(Math.Abs) + 4;
            for (int i = 0; i < gradient.Length; i++)
            {
                double expected = before[input][i] + (plain.Gradients[input]?[i] ?? 0);
                Near(expected, gradient[i], 1e-6 * scale, $"d {c.Inputs[input].Name}[{i}]");
            }
        }
    }

    /// <summary>What the backward pass reads of other operations' results was saved or is computed again.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void SavesWhatItsBackwardPassReads(string name)
    {
        OpCase c = Cases[name];
        OpRun plain = OpRun.Execute(c);
        CheckFrozen(c, plain, OpRun.Execute(c, asActivations: true), _ => true);
        foreach (OpInput frozen in c.Inputs.Where(i => i.Differentiable))
            CheckFrozen(c, plain, OpRun.Execute(c, trains: i => i == frozen, asActivations: true), i => i == frozen);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void FreezingAnInputChangesNoOtherGradient(string name)
    {
        OpCase c = Cases[name];
        OpRun all = OpRun.Execute(c);
        foreach (OpInput frozen in c.Inputs.Where(i => i.Differentiable))
        {
            CheckFrozen(c, all, OpRun.Execute(c, trains: i => i != frozen), i => i != frozen);
            CheckFrozen(c, all, OpRun.Execute(c, trains: i => i == frozen), i => i == frozen);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ThreadsDoNotChangeABit(string name)
    {
        OpCase c = Cases[name];
        OpRun one = OpRun.Execute(c);
        foreach (int threads in (int[])[2, 3])
        {
            OpRun several = OpRun.Execute(c, threads);
            for (int o = 0; o < one.Outputs.Length; o++)
                Assert.Equal(one.Outputs[o], several.Outputs[o]);
            for (int i = 0; i < c.Inputs.Length; i++)
                Assert.Equal(one.Gradients[i], several.Gradients[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TheWidthOfRegistersDoesNotChangeABit(string name)
    {
        OpCase c = Cases[name];
        OpRun wide = OpRun.Execute(c, vectors: new VectorKernels<Lanes16>());
        foreach (VectorKernels narrower in (VectorKernels[])[new VectorKernels<Lanes8>(), new VectorKernels<Lanes4>()])
        {
            OpRun narrow = OpRun.Execute(c, vectors: narrower);
            for (int o = 0; o < wide.Outputs.Length; o++)
                Assert.Equal(wide.Outputs[o], narrow.Outputs[o]);
            for (int i = 0; i < c.Inputs.Length; i++)
                Assert.Equal(wide.Gradients[i], narrow.Gradients[i]);
        }
    }

    private static void CheckFrozen(OpCase c, OpRun all, OpRun run, Func<OpInput, bool> trains)
    {
        for (int o = 0; o < all.Outputs.Length; o++)
            Assert.Equal(all.Outputs[o], run.Outputs[o]);
        for (int i = 0; i < c.Inputs.Length; i++)
        {
            if (c.Inputs[i].Differentiable && trains(c.Inputs[i]))
                Assert.Equal(all.Gradients[i], run.Gradients[i]);
            else
                Assert.Null(run.Gradients[i]);
        }
    }

    private static IEnumerable<int> Sample(OpCase c, int input)
    {
        int count = c.Inputs[input].Values.Count;
        if (count <= 2 * ElementsChecked)
            return Enumerable.Range(0, count);
        Rng rng = Values.Generator($"{c.Name} sample {input}");
        return [0, count - 1, .. Enumerable.Range(2, ElementsChecked - 2).Select(i => rng.Below((ulong)i, count))];
    }

    /// <summary>An error in one number shows along a direction of signs; rounding grows as sqrt(count).</summary>
    private static void CheckDirections(
        OpCase c, CentralDifferences differences, int input, float[] gradient, double scale)
    {
        for (int d = 0; d < Directions; d++)
        {
            Rng rng = Values.Generator($"{c.Name} direction {input} {d}");
            double[] direction = [.. gradient.Select((_, i) => rng.Uniform((ulong)i) < 0.5 ? -1.0 : 1.0)];
            double actual = gradient.Zip(direction, (g, s) => g * s).Sum();
            double tolerance = 1e-4 * scale * Math.Sqrt(gradient.Length);
            Near(differences.Along(input, direction), actual, tolerance, $"d {c.Inputs[input].Name} along {d}");
        }
    }

    private static void Near(double expected, double actual, double tolerance, string where) => Assert.True(
        Math.Abs(expected - actual) <= tolerance, $"{where} is {actual:G9}, not {expected:G9} (within {tolerance:E1})");
}

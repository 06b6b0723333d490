using VisionMamba.Models;
using VisionMamba.Models.Prompting.Svp;
using VisionMamba.Tensors;

namespace VisionMamba.Cli.Bench;

/// <summary>One operation of a block, ready to run.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Pass">forward, input gradient, or all gradients.</param>
/// <param name="Calls">How often a block runs it.</param>
/// <param name="Operations">Floating-point operations that a call cannot do without.</param>
/// <param name="Bytes">Bytes that a call must read and write once.</param>
/// <param name="Run">Runs it.</param>
internal sealed record BlockOp(string Name, string Pass, int Calls, double Operations, double Bytes, Action Run);

/// <summary>
/// All operations of one Vim block with its SVP prompts at a batch, on random numbers. Rows = batch * tokens.
/// </summary>
internal sealed class BlockOps(Backend backend, VisionMambaConfig model, SvpConfig prompts, int batch)
{
    // Of the scan, per channel, token and state: the exponential's 5, delta A, delta u B, the state, the sum; and back:
    // g, y, dC, dB, d(delta u), the carried gradient, d(delta A), d delta. Each takes the multiply-add pipe once.
    private const int ScanForwardSteps = 9, ScanBackwardSteps = 8;
    public const string Forward = "forward", InputGradient = "input gradient", AllGradients = "all gradients";

    private readonly int _length = model.Patches + 1;
    private ulong _seed;

    private double Rows => (double)batch * _length;

    public IEnumerable<BlockOp> All()
    {
        int dim = model.Dim, inner = model.Inner, low = model.Rank + (2 * model.State);
        return
        [
            .. Linear("in_proj", dim, 2 * inner, 1), .. Conv(), .. Linear("x_proj", inner, low, 2),
            .. Linear("dt_proj", model.Rank, inner, 2), .. Scan(), .. Linear("out_proj", inner, dim, 1), .. Norm(),
            .. Linear("cross prompt", dim, dim, 1), .. Linear("inner prompt, down", dim, prompts.InnerWidth, 1),
            .. Linear("inner prompt, up", prompts.InnerWidth, dim, 1), .. Prompt(),
        ];
    }

    private IEnumerable<BlockOp> Linear(string name, int inputs, int outputs, int calls)
    {
        Tensor x = Tokens(inputs), w = Random(outputs, inputs), y = Tokens(outputs);
        Tensor dX = Tokens(inputs), dW = Random(outputs, inputs);
        double operations = 2 * Rows * inputs * outputs;
        double bytes = 4 * ((Rows * (inputs + outputs)) + ((double)inputs * outputs));
        yield return new(name, Forward, calls, operations, bytes, () => backend.LinearForward(x, w, null, y));
        yield return new(name, InputGradient, calls, operations, bytes, () =>
            backend.LinearBackward(x, w, y, dX, null, null));
        yield return new(name, AllGradients, calls, 2 * operations, 2 * bytes, () =>
            backend.LinearBackward(x, w, y, dX, dW, null));
    }

    private IEnumerable<BlockOp> Conv()
    {
        Tensor xz = Tokens(2 * model.Inner), w = Random(model.Inner, 1, model.ConvWidth), b = Random(model.Inner);
        Tensor y = Tokens(model.Inner), dXz = Tokens(2 * model.Inner), dW = Random(model.Inner, 1, model.ConvWidth);
        Tensor dB = Random(model.Inner);
        double numbers = Rows * model.Inner, operations = 2 * numbers * model.ConvWidth;
        yield return new("convolution", Forward, 2, operations, 8 * numbers, () =>
            backend.CausalConvSiluForward(xz, w, b, false, y));
        yield return new("convolution", InputGradient, 2, 2 * operations, 12 * numbers, () =>
            backend.CausalConvSiluBackward(xz, w, b, false, y, dXz, null, null));
        yield return new("convolution", AllGradients, 2, 3 * operations, 12 * numbers, () =>
            backend.CausalConvSiluBackward(xz, w, b, false, y, dXz, dW, dB));
    }

    private IEnumerable<BlockOp> Scan()
    {
        int inner = model.Inner;
        Tensor xz = Tokens(2 * inner), y = Tokens(inner), aLog = Random(inner, model.State), bias = Random(inner);
        for (int i = 0; i < aLog.Span.Length; i++)
            aLog.Span[i] = MathF.Log(1 + (i % model.State)); // Mamba's start
        foreach (ref float v in bias.Span)
            v -= 4; // steps of about 0.02, as in a trained model
        var s = new ScanDirection(
            Tokens(inner), Tokens(inner), Tokens(model.Rank + (2 * model.State)), aLog, Random(inner), bias, false);
        ScanDirection trained =
            backend.ScanNumbersKept(s) is var kept and > 0 ? s with { Kept = Random((int)kept) } : s;
        var inputs = new ScanGradients(
            Tokens(inner), Tokens(inner), Tokens(model.Rank + (2 * model.State)), Tokens(2 * inner), null, null, null);
        var all = inputs with { ALog = Random(inner, model.State), D = Random(inner), DeltaBias = Random(inner) };
        double numbers = Rows * inner, forward = 2 * ScanForwardSteps * numbers * model.State;
        double backward = 2 * ScanBackwardSteps * numbers * model.State;
        // Back: four tensors read, and three read and written, because these targets are added to.
        yield return new("scan", Forward, 2, forward, 16 * numbers, () =>
            backend.SelectiveScanForward(s, xz, 0.5f, false, y));
        yield return new("scan", InputGradient, 2, backward, 40 * numbers, () =>
            backend.SelectiveScanBackward(trained, xz, 0.5f, y, inputs));
        yield return new(
            "scan", AllGradients, 2, backward * (ScanBackwardSteps + 1) / ScanBackwardSteps, 40 * numbers,
            () => backend.SelectiveScanBackward(trained, xz, 0.5f, y, all));
    }

    private IEnumerable<BlockOp> Norm()
    {
        Tensor hidden = Tokens(model.Dim), residual = Tokens(model.Dim), w = Random(model.Dim), sum = Tokens(model.Dim);
        Tensor y = Tokens(model.Dim), statistics = Random(batch * _length, 2), dHidden = Tokens(model.Dim);
        Tensor dResidual = Tokens(model.Dim), dW = Random(model.Dim);
        var a = new AddNormArguments(model.Norm, hidden, residual, w, null, null, model.Epsilon);
        double numbers = Rows * model.Dim;
        yield return new("add + norm", Forward, 1, 4 * numbers, 16 * numbers, () =>
            backend.AddNormForward(a, sum, y, statistics));
        yield return new("add + norm", InputGradient, 1, 6 * numbers, 20 * numbers, () =>
            backend.AddNormBackward(a, sum, statistics, y, hidden, dHidden, dResidual, null, null));
        yield return new("add + norm", AllGradients, 1, 8 * numbers, 20 * numbers, () =>
            backend.AddNormBackward(a, sum, statistics, y, hidden, dHidden, dResidual, dW, null));
    }

    private IEnumerable<BlockOp> Prompt()
    {
        Tensor x = Tokens(model.Dim), cross = Tokens(model.Dim), inner = Tokens(model.Dim), y = Tokens(model.Dim);
        Tensor alpha = Random(1, model.Dim), beta = Random(1, model.Dim);
        Tensor dX = Tokens(model.Dim), dCross = Tokens(model.Dim), dInner = Tokens(model.Dim);
        var a = new SelectivePromptArguments(
            x, cross, inner, alpha, 0, beta, 0, model.ClassToken, prompts.Dropout, new Rng(1, 1));
        double numbers = Rows * model.Dim;
        yield return new("selective prompt", Forward, 1, 4 * numbers, 16 * numbers, () =>
            backend.SelectivePromptForward(a, y));
        yield return new("selective prompt", AllGradients, 1, 10 * numbers, 24 * numbers, () =>
            backend.SelectivePromptBackward(a, y, dX, dCross, dInner, alpha, beta));
    }

    private Tensor Tokens(int channels) => Random(batch, _length, channels);

    private Tensor Random(params ReadOnlySpan<int> shape)
    {
        var tensor = new Tensor(shape);
        var rng = new Rng(7, _seed++);
        Span<float> values = tensor.Span;
        for (int i = 0; i < values.Length; i++)
            values[i] = (2 * rng.Uniform((ulong)i)) - 1;
        return tensor;
    }
}

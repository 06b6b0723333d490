using VisionMamba.Models.Prompting;
using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>
/// Vim's bidirectional Mamba mixer ("v2" with divided output): both directions share in_proj, gate and out_proj and
/// have their own convolution, projections and recurrence (arXiv 2401.09417, algorithm 1).
/// </summary>
internal sealed class Mixer
{
    private readonly Tensor _inProj, _outProj;
    private readonly Direction _forward, _backward;

    public Mixer(ParameterScope scope, VisionMambaConfig c)
    {
        _inProj = scope.Child("in_proj").Parameter("weight", [2 * c.Inner, c.Dim], Initial.FanIn(c.Dim));
        _forward = new Direction(scope, c, "A_log", "");
        _backward = new Direction(scope, c, "A_b_log", "_b");
        // The residual stream sums depth mixers: GPT-2's 1 / sqrt(depth) keeps its variance.
        _outProj = scope.Child("out_proj")
            .Parameter("weight", [c.Dim, c.Inner], Initial.Uniform(1 / Math.Sqrt((double)c.Inner * c.Depth)));
    }

    /// <summary>(batch, length, dim) to (batch, length, dim).</summary>
    public Tensor Forward(Tape tape, Tensor h, TuningMethod method, int layer, ForwardContext context)
    {
        Tensor xz = method.BeforeScan(tape, tape.Linear(h, _inProj, bias: null), layer, context);
        Tensor y = tape.SelectiveScan(
            xz, _forward.Run(tape, xz, reversed: false), _backward.Run(tape, xz, reversed: true), scale: 0.5f);
        y = method.AfterScan(tape, y, layer);
        return tape.Linear(y, _outProj, bias: null);
    }

    private sealed class Direction
    {
        private readonly Tensor _convWeight, _convBias, _xProj, _dtProj, _dtBias, _aLog, _d;

        public Direction(ParameterScope scope, VisionMambaConfig c, string aLog, string suffix)
        {
            ParameterScope conv = scope.Child("conv1d" + suffix), dt = scope.Child("dt_proj" + suffix);
            _aLog = scope.Parameter(aLog, [c.Inner, c.State], Initial.LogArange(c.State));
            _d = scope.Parameter("D" + suffix, [c.Inner], Initial.Ones);
            _convWeight = conv.Parameter("weight", [c.Inner, 1, c.ConvWidth], Initial.FanIn(c.ConvWidth));
            _convBias = conv.Parameter("bias", [c.Inner], Initial.FanIn(c.ConvWidth));
            _xProj = scope.Child("x_proj" + suffix)
                .Parameter("weight", [c.Rank + (2 * c.State), c.Inner], Initial.FanIn(c.Inner));
            _dtProj = dt.Parameter("weight", [c.Inner, c.Rank], Initial.FanIn(c.Rank));
            _dtBias = dt.Parameter("bias", [c.Inner], Initial.StepSizeBias);
        }

        public ScanDirection Run(Tape tape, Tensor xz, bool reversed)
        {
            Tensor u = tape.CausalConvSilu(xz, _convWeight, _convBias, reversed);
            Tensor bc = tape.Linear(u, _xProj, bias: null);
            // Its bias is added inside the scan. Computed again for the backward pass: a rank-R product, 3 % of the
            // block's arithmetic against 37 % of its memory.
            Tensor delta = tape.Linear(bc, _dtProj, bias: null, recompute: true);
            return new ScanDirection(u, delta, bc, _aLog, _d, _dtBias, reversed);
        }
    }
}

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

    /// <summary>(batch, length, dim) to (batch, length, dim), as <paramref name="method"/> changes it.</summary>
    public Tensor Forward(Tape tape, Tensor h, TuningMethod method, int layer, ForwardContext context)
    {
        var block = new Block(tape, method, layer, context);
        Tensor xz = method.BeforeScan(tape, block.Project(MixerSite.InProj, h, _inProj), layer, context);
        Tensor y = tape.SelectiveScan(
            xz, _forward.Run(block, xz, reversed: false), _backward.Run(block, xz, reversed: true), scale: 0.5f);
        y = method.AfterScan(tape, y, layer);
        return method.AfterMixer(tape, layer, h, block.Project(MixerSite.OutProj, y, _outProj), context);
    }

    /// <summary>One block's pass through the tuning method.</summary>
    private readonly record struct Block(Tape Tape, TuningMethod Method, int Layer, ForwardContext Context)
    {
        public Tensor Project(MixerSite site, Tensor x, Tensor weight, bool recompute = false) =>
            Method.Adapt(Tape, Layer, site, x, Tape.Linear(x, weight, bias: null, recompute), Context);
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

        public ScanDirection Run(Block block, Tensor xz, bool reversed)
        {
            Tensor u = block.Tape.CausalConvSilu(xz, _convWeight, _convBias, reversed);
            Tensor bc = block.Project(reversed ? MixerSite.XProjBackward : MixerSite.XProj, u, _xProj);
            ScanStates states = block.Method.Widen(block.Tape, block.Layer, reversed, u, new ScanStates(bc, _aLog));
            // Its bias is added inside the scan. Computed again for the backward pass: a rank-R product, 3 % of the
            // block's arithmetic against 37 % of its memory.
            Tensor delta = block.Project(
                reversed ? MixerSite.DtProjBackward : MixerSite.DtProj, states.Bc, _dtProj, recompute: true);
            return new ScanDirection(u, delta, states.Bc, states.ALog, _d, _dtBias, reversed);
        }
    }
}

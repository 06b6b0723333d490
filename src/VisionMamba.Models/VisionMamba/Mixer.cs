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
        _forward = new Direction(scope, c, reversed: false);
        _backward = new Direction(scope, c, reversed: true);
        // The residual stream sums depth mixers: GPT-2's 1 / sqrt(depth) keeps its variance.
        _outProj = scope.Child("out_proj")
            .Parameter("weight", [c.Dim, c.Inner], Initial.Uniform(1 / Math.Sqrt((double)c.Inner * c.Depth)));
    }

    /// <summary>
    /// (batch, length, dim) to (batch, length, dim), as <paramref name="method"/> changes it. In_proj's output is
    /// computed <paramref name="again"/> for the backward pass, or kept.
    /// </summary>
    public Tensor Forward(
        Tape tape, Tensor h, TuningMethod method, int layer, ForwardContext context, bool again = false)
    {
        var block = new Block(tape, method, layer, context);
        Tensor xz = block.Project(MixerSite.InProj, h, _inProj, again);
        if (!method.ReadsMixerInput)
            tape.Drop(h);
        xz = method.BeforeScan(tape, xz, layer, context);
        Tensor y = _backward.Run(block, xz, _forward.Run(block, xz, before: null));
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
        /// <summary>The output is the mean of both directions.</summary>
        private const float Share = 0.5f;

        private readonly Tensor _convWeight, _convBias, _xProj, _dtProj, _dtBias, _aLog, _d;
        private readonly bool _reversed;

        public Direction(ParameterScope scope, VisionMambaConfig c, bool reversed)
        {
            _reversed = reversed;
            string aLog = reversed ? "A_b_log" : "A_log", suffix = reversed ? "_b" : "";
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

        /// <summary>
        /// This direction's part of the gated sum, on top of the other's; what only it needs is free after it. The
        /// second one to run is the last to read x.
        /// </summary>
        public Tensor Run(Block block, Tensor xz, Tensor? before)
        {
            using Tape.ScopeEnd end = block.Tape.Enter(_reversed ? "backward" : "forward");
            Tensor u = block.Tape.CausalConvSilu(xz, _convWeight, _convBias, _reversed, last: before is not null);
            Tensor bc = block.Project(_reversed ? MixerSite.XProjBackward : MixerSite.XProj, u, _xProj);
            ScanStates states = block.Method.Widen(block.Tape, block.Layer, _reversed, u, new ScanStates(bc, _aLog));
            // Its bias is added inside the scan. Computed again for the backward pass: a rank-R product, 3 % of the
            // block's arithmetic against 37 % of its memory.
            Tensor delta = block.Project(
                _reversed ? MixerSite.DtProjBackward : MixerSite.DtProj, states.Bc, _dtProj, recompute: true);
            var direction = new ScanDirection(u, delta, states.Bc, states.ALog, _d, _dtBias, _reversed);
            return block.Tape.Keep(block.Tape.SelectiveScan(xz, direction, Share, before));
        }
    }
}

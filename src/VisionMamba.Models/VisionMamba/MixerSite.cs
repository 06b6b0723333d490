using VisionMamba.Tensors;

namespace VisionMamba.Models;

/// <summary>
/// The linear projections of a mixer, whose outputs a tuning method may change. Sizes: D width, E inner width, R rank
/// of the step size, N states.
/// </summary>
public enum MixerSite
{
    /// <summary>in_proj: D to 2 E, the branch x and the gate z.</summary>
    InProj,

    /// <summary>x_proj of the forward direction: E to R + 2 N, the step size's low rank, B and C.</summary>
    XProj,

    /// <summary>x_proj_b, of the backward direction.</summary>
    XProjBackward,

    /// <summary>
    /// dt_proj of the forward direction: R to E; its input is x_proj's whole output, of which it reads R.
    /// </summary>
    DtProj,

    /// <summary>dt_proj_b, of the backward direction.</summary>
    DtProjBackward,

    /// <summary>out_proj: E to D.</summary>
    OutProj,
}

/// <summary>The states of one direction's scan.</summary>
/// <param name="Bc">(batch, length, R + 2 N): x_proj's output, whose last 2 N columns are B and C.</param>
/// <param name="ALog">(E, N): log(-A).</param>
public readonly record struct ScanStates(Tensor Bc, Tensor ALog);

namespace VisionMamba.Models.Prompting.Lora;

/// <summary>A projection, or a part of its outputs, that LoRA may change.</summary>
/// <param name="Name">Its name in settings, e.g. "in_proj.x".</param>
/// <param name="Projection">The projection of the forward direction, or of both where they share it.</param>
/// <param name="Inputs">How many inputs it has.</param>
/// <param name="Start">The first of its outputs.</param>
/// <param name="Outputs">How many outputs it has.</param>
public sealed record LoraSite(
    string Name, MixerSite Projection, Func<VisionMambaConfig, int> Inputs, Func<VisionMambaConfig, int> Start,
    Func<VisionMambaConfig, int> Outputs)
{
    /// <summary>All sites: whole projections, and the parts that MambaPEFT's partial LoRA knows.</summary>
    public static IReadOnlyList<LoraSite> All { get; } =
    [
        new("in_proj", MixerSite.InProj, c => c.Dim, _ => 0, c => 2 * c.Inner),
        new("in_proj.x", MixerSite.InProj, c => c.Dim, _ => 0, c => c.Inner),
        new("in_proj.z", MixerSite.InProj, c => c.Dim, c => c.Inner, c => c.Inner),
        new("x_proj", MixerSite.XProj, c => c.Inner, _ => 0, c => c.Rank + (2 * c.State)),
        new("x_proj.delta", MixerSite.XProj, c => c.Inner, _ => 0, c => c.Rank),
        new("x_proj.b", MixerSite.XProj, c => c.Inner, c => c.Rank, c => c.State),
        new("x_proj.c", MixerSite.XProj, c => c.Inner, c => c.Rank + c.State, c => c.State),
        new("dt_proj", MixerSite.DtProj, c => c.Rank, _ => 0, c => c.Inner),
        new("out_proj", MixerSite.OutProj, c => c.Inner, _ => 0, c => c.Dim),
    ];

    /// <summary>Whether each direction has a projection, and so factors, of its own.</summary>
    public bool IsDirectional => Projection is MixerSite.XProj or MixerSite.DtProj;

    /// <summary>"x" of "in_proj.x"; "all" for a whole projection.</summary>
    public string Part => Name.Contains('.') ? Name[(Name.IndexOf('.') + 1)..] : "all";

    /// <summary>The checkpoint's name of the projection at <paramref name="site"/>, e.g. "x_proj_b".</summary>
    public static string ProjectionName(MixerSite site) => site switch
    {
        MixerSite.InProj => "in_proj",
        MixerSite.XProj => "x_proj",
        MixerSite.XProjBackward => "x_proj_b",
        MixerSite.DtProj => "dt_proj",
        MixerSite.DtProjBackward => "dt_proj_b",
        _ => "out_proj",
    };

    /// <summary>The site called <paramref name="name"/>; an unknown one is an error that lists them.</summary>
    public static LoraSite Find(string name) => All.FirstOrDefault(s => s.Name == name)
        ?? throw new VisionMambaException(
            $"lora: unknown site '{name}'; known are {string.Join(", ", All.Select(s => s.Name))}");

    /// <summary>The projections this site acts on: one, or one of each direction.</summary>
    public IEnumerable<MixerSite> Projections =>
        IsDirectional ? [Projection, Projection + 1] : [Projection];
}

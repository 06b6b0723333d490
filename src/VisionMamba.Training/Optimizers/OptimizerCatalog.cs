using VisionMamba.Models;

namespace VisionMamba.Training.Optimizers;

/// <summary>The optimizers by the names that timm gives them.</summary>
public static class OptimizerCatalog
{
    private static readonly Dictionary<string, Func<ParameterSet, OptimizerSettings, Optimizer>> s_all = new()
    {
        ["adamw"] = (p, s) => new AdamWOptimizer(p, s),
        ["adam"] = (p, s) => new AdamWOptimizer(p, s, coupled: true),
        ["sgd"] = (p, s) => new SgdOptimizer(p, s, nesterov: true),
        ["nesterov"] = (p, s) => new SgdOptimizer(p, s, nesterov: true),
        ["momentum"] = (p, s) => new SgdOptimizer(p, s, nesterov: false),
        ["lion"] = (p, s) => new LionOptimizer(p, s),
        ["nadam"] = (p, s) => new NAdamOptimizer(p, s),
        ["radam"] = (p, s) => new RAdamOptimizer(p, s),
        ["adabelief"] = (p, s) => new AdaBeliefOptimizer(p, s),
        ["lamb"] = (p, s) => new LambOptimizer(p, s),
        ["rmsprop"] = (p, s) => new RmsPropOptimizer(p, s, tensorFlow: false),
        ["rmsproptf"] = (p, s) => new RmsPropOptimizer(p, s, tensorFlow: true),
    };

    /// <summary>The known names. As in timm, sgd is Nesterov's and momentum the plain one.</summary>
    public static IReadOnlyCollection<string> Names => s_all.Keys;

    /// <summary>Whether it has --momentum; the others have the moments' --opt-betas in its place.</summary>
    public static bool HasMomentum(string name) =>
        name is "sgd" or "nesterov" or "momentum" or "rmsprop" or "rmsproptf";

    /// <summary>Whether it divides by a root to which --opt-eps is added.</summary>
    public static bool HasEpsilon(string name) => name is not ("sgd" or "nesterov" or "momentum" or "lion");

    /// <summary>
    /// Makes the optimizer called <paramref name="name"/>; an unknown name is an error that lists the known ones.
    /// </summary>
    public static Optimizer Create(string name, ParameterSet parameters, OptimizerSettings settings) =>
        s_all.TryGetValue(name, out var create) ? create(parameters, settings) : throw new VisionMambaException(
            $"--opt {name}: unknown; known are {string.Join(", ", Names)}");
}

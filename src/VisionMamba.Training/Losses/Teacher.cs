using VisionMamba.Data.Augment;
using VisionMamba.Models;
using VisionMamba.Models.Checkpoints;
using VisionMamba.Tensors;

namespace VisionMamba.Training.Losses;

/// <summary>A trained model whose answers to the same images are learnt from.</summary>
public sealed class Teacher
{
    private readonly ModelSession _session;

    private Teacher(ModelSession session) => _session = session;

    /// <summary>
    /// Opens any Vim or SVP model file for a student of <paramref name="student"/>'s image size, resizing the teacher's
    /// position embeddings where it was trained at another. It must tell the same classes apart and have been trained
    /// on images normalised alike.
    /// </summary>
    /// <exception cref="VisionMambaException">It does not fit; the message says why.</exception>
    public static Teacher Open(
        string path, VisionMambaConfig student, IReadOnlyList<string> classes, Preprocessing preprocessing,
        Backend backend)
    {
        LoadedModel loaded = ModelFile.Load(path, new LoadOptions { TargetImageSize = student.ImageSize });
        if (loaded.AssumedCrossPrompts)
        {
            throw new VisionMambaException($"--teacher {path}: does not say how its cross prompts are read; write a "
                + "file that does: svp export --checkpoint FILE --cross-prompt-source paired-halves (or token) "
                + "--output teacher.safetensors");
        }

        VisionMambaConfig config = loaded.Model.Config;
        if (config.Classes != student.Classes)
        {
            throw new VisionMambaException($"--teacher {path}: tells {config.Classes} classes apart, the student "
                + $"{student.Classes}; train it on the same data first");
        }

        if (loaded.Card.Classes.Count > 0 && classes.Count > 0 && !loaded.Card.Classes.SequenceEqual(classes))
            throw new VisionMambaException(
                $"--teacher {path}: has other class names or another order; train it on the same data");
        Preprocessing own = PreprocessingJson.Of(loaded, $"--teacher {path}", anySize: true);
        if (!own.Mean.SequenceEqual(preprocessing.Mean) || !own.Std.SequenceEqual(preprocessing.Std))
            throw new VisionMambaException($"--teacher {path}: was trained on images with another mean and deviation");
        return new Teacher(new ModelSession(loaded.Model, backend));
    }

    /// <summary>Its logits, count * classes numbers.</summary>
    public float[] Logits(ReadOnlySpan<float> images, int count) => _session.Logits(images, count);
}

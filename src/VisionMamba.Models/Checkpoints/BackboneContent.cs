using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using VisionMamba.Tensors;

namespace VisionMamba.Models.Checkpoints;

/// <summary>
/// The identity of a backbone: a hash of its numbers that does not depend on the file's format, names of other tensors,
/// order or metadata. It is the SHA-256 (lower-case hex) of a UTF-8 text with one line per tensor, sorted by name
/// (ordinal): the name, a space, the sizes joined by "x", a space, the SHA-256 of the numbers as little-endian fp32 in
/// row-major order, a line feed. Numbers stored in fp16 or bf16 are widened first, which is exact; they differ from the
/// fp32 numbers they were rounded from, so such a file is another backbone.
/// </summary>
public static class BackboneContent
{
    /// <summary>The name of this definition in files.</summary>
    public const string Scheme = "sha256-fp32-v1";

    /// <summary>
    /// Whether the tensor called <paramref name="name"/> is part of a backbone: patch embedding, class token, position
    /// embeddings, blocks and final norm, but not the head and not what a tuning method adds.
    /// </summary>
    public static bool Includes(string name) =>
        name is "cls_token" or "pos_embed" || name.StartsWith("patch_embed.", StringComparison.Ordinal)
        || name.StartsWith("layers.", StringComparison.Ordinal) || name.StartsWith("norm_f.", StringComparison.Ordinal);

    /// <summary>The digest of one tensor's numbers.</summary>
    public static string Digest(Tensor tensor)
    {
        if (BitConverter.IsLittleEndian)
            return Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(tensor.Span)));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        foreach (float value in tensor.Span)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The hash of <paramref name="tensors"/>, each a name, its sizes and the digest of its numbers.</summary>
    public static string Hash(IEnumerable<(string Name, int[] Shape, string Digest)> tensors)
    {
        var text = new StringBuilder();
        foreach ((string name, int[] shape, string digest) in tensors.OrderBy(t => t.Name, StringComparer.Ordinal))
            text.Append(name).Append(' ').AppendJoin('x', shape).Append(' ').Append(digest).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}

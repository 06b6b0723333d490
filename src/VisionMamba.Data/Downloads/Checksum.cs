using System.Security.Cryptography;

namespace VisionMamba.Data.Downloads;

/// <summary>
/// Compares a file with a published "md5:..." or "sha256:..." (MD5 guards against damage, not against intent).
/// </summary>
internal static class Checksum
{
    public static bool Matches(string path, string expected, CancellationToken cancel)
    {
        string[] parts = expected.Split(':');
        if (parts.Length != 2 || parts[0] is not ("md5" or "sha256"))
            throw new ArgumentException($"the checksum \"{expected}\" is neither md5: nor sha256:");
        using var hash = IncrementalHash.CreateHash(
            parts[0] == "md5" ? HashAlgorithmName.MD5 : HashAlgorithmName.SHA256);
        using FileStream file = File.OpenRead(path);
        byte[] buffer = new byte[1 << 20];
        for (int read; (read = file.Read(buffer)) > 0;)
        {
            cancel.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexString(hash.GetHashAndReset()).Equals(parts[1], StringComparison.OrdinalIgnoreCase);
    }
}

using System.Formats.Tar;
using System.IO.Compression;

namespace VisionMamba.Data.Downloads;

/// <summary>
/// Unpacks .zip, .tar, .tgz and .tar.gz into a folder, all or nothing: into a temporary folder beside it first. An
/// entry that would land outside, a device, or a link that points anywhere but at an earlier file of the archive is
/// refused; links become copies.
/// </summary>
internal static class Archive
{
    /// <summary>More than any archive of images grows when unpacked.</summary>
    private const long MaxGrowth = 100, AlwaysAllowed = 64L << 20;

    /// <summary>Unpacks; <paramref name="entries"/> is told how many entries are done.</summary>
    public static void Unpack(string archive, string folder, Action<int>? entries, CancellationToken cancel)
    {
        string target = Path.GetFullPath(folder);
        string temporary = Path.Combine(target, $".{Path.GetFileName(archive)}.{Path.GetRandomFileName()}.tmp");
        try
        {
            Sweep(target, Path.GetFileName(archive));
            Directory.CreateDirectory(temporary);
            var writer = new Writer(archive, temporary, entries, cancel);
            if (archive.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
                ReadZip(archive, writer);
            else
                ReadTar(archive, writer);
            Merge(temporary, target);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new VisionMambaException($"{archive}: the archive is damaged ({e.Message}); download it again", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VisionMambaException(
                $"{archive}: cannot be unpacked to {folder} ({e.Message}); check permissions and free space", e);
        }
        finally
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
        }
    }

    /// <summary>Removes what killed processes left of the same archive an hour ago or earlier.</summary>
    private static void Sweep(string target, string name)
    {
        if (!Directory.Exists(target))
            return;
        var hidden = new EnumerationOptions { AttributesToSkip = 0 };
        foreach (string left in Directory.EnumerateDirectories(target, $".{name}.*.tmp", hidden))
        {
            if (Directory.GetLastWriteTimeUtc(left) < DateTime.UtcNow.AddHours(-1))
                Directory.Delete(left, recursive: true);
        }
    }

    private static void ReadZip(string archive, Writer writer)
    {
        using ZipArchive zip = ZipFile.OpenRead(archive);
        foreach (ZipArchiveEntry entry in zip.Entries)
        {
            // The upper half of the attributes is the Unix mode: 0xA000 is a symbolic link, 0x8000 a plain file.
            int kind = (entry.ExternalAttributes >> 16) & 0xF000;
            if (entry.FullName.EndsWith('/'))
                writer.Folder(entry.FullName);
            else if (kind is not 0 and not 0x8000)
                throw writer.Refused(entry.FullName, "is a link or a device");
            else
                using (Stream stream = entry.Open())
                    writer.Write(entry.FullName, stream);
        }
    }

    private static void ReadTar(string archive, Writer writer)
    {
        using FileStream file = File.OpenRead(archive);
        using Stream plain = IsGzip(file) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var tar = new TarReader(plain);
        while (tar.GetNextEntry() is { } entry)
        {
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                    writer.Write(entry.Name, entry.DataStream ?? Stream.Null);
                    break;
                case TarEntryType.Directory:
                    writer.Folder(entry.Name);
                    break;
                case TarEntryType.HardLink:
                    writer.Copy(entry.Name, entry.LinkName);
                    break;
                case TarEntryType.SymbolicLink:
                    if (Path.IsPathRooted(entry.LinkName))
                        throw writer.Refused(entry.Name, $"links to {entry.LinkName}");
                    writer.Copy(entry.Name, Path.Combine(Path.GetDirectoryName(entry.Name) ?? "", entry.LinkName));
                    break;
                case TarEntryType.GlobalExtendedAttributes:
                    break; // comments about the archive
                default:
                    throw writer.Refused(entry.Name, $"is a {entry.EntryType}");
            }
        }
    }

    private static bool IsGzip(FileStream file)
    {
        bool gzip = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        return gzip;
    }

    /// <summary>Moves whole folders where the target has none, so most merges are one rename.</summary>
    private static void Merge(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string folder in Directory.GetDirectories(from))
        {
            string target = Path.Combine(to, Path.GetFileName(folder));
            if (Path.Exists(target))
                Merge(folder, target);
            else
                Directory.Move(folder, target);
        }

        foreach (string file in Directory.GetFiles(from))
            File.Move(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }

    private sealed class Writer(string archive, string root, Action<int>? entries, CancellationToken cancel)
    {
        private readonly long _limit = Math.Max(AlwaysAllowed, new FileInfo(archive).Length * MaxGrowth);
        private readonly byte[] _buffer = new byte[1 << 17];
        private long _written;
        private int _entries;

        public void Folder(string name) => Directory.CreateDirectory(Locate(name));

        public void Write(string name, Stream data)
        {
            cancel.ThrowIfCancellationRequested();
            string path = Locate(name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
            for (int read; (read = data.Read(_buffer)) > 0;)
            {
                if ((_written += read) > _limit)
                    throw new VisionMambaException($"{archive}: unpacks to more than {MaxGrowth} times its size at "
                        + $"{name}, which no archive of images does; nothing was unpacked");
                file.Write(_buffer, 0, read);
            }

            entries?.Invoke(++_entries);
        }

        public void Copy(string name, string linked)
        {
            string target = Locate(linked);
            if (!File.Exists(target))
                throw Refused(name, $"links to {linked}, which is no earlier file of the archive");
            using FileStream data = File.OpenRead(target);
            Write(name, data);
        }

        public VisionMambaException Refused(string name, string what) =>
            new(
            $"{archive}: the entry \"{OneLine(name)}\" {OneLine(what)}; nothing was unpacked, get the archive "
            + "elsewhere");

        private string Locate(string name)
        {
            string plain = name.Replace('\\', '/');
            bool rooted = plain.StartsWith('/') || (plain.Length > 1 && plain[1] == ':');
            if (plain.Length == 0 || rooted || plain.Contains('\0'))
                throw Refused(name, "has a path of its own");
            string path = Path.GetFullPath(Path.Combine(root, plain));
            bool inside = path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
                || Path.TrimEndingDirectorySeparator(path) == root;
            return inside ? path : throw Refused(name, "would land outside the folder");
        }

        private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
    }
}

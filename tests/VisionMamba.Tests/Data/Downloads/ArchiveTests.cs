using System.Formats.Tar;
using System.IO.Compression;
using VisionMamba.Data.Downloads;

namespace VisionMamba.Tests.Data.Downloads;

public sealed class ArchiveTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static byte[] Zip(params (string Name, string Text)[] entries)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach ((string name, string text) in entries)
                using (var writer = new StreamWriter(zip.CreateEntry(name).Open()))
                    writer.Write(text);
        return bytes.ToArray();
    }

    [Fact]
    public void AZipJoinsWhatIsThere()
    {
        _folder.Write("out/set/old.txt", "old");
        Unpack("a.zip", Zip(("set/", ""), ("set/new.txt", "new"), ("set/deep/er.txt", "deeper")));
        Assert.Equal("old", File.ReadAllText(_folder.At("out/set/old.txt")));
        Assert.Equal("new", File.ReadAllText(_folder.At("out/set/new.txt")));
        Assert.Equal("deeper", File.ReadAllText(_folder.At("out/set/deep/er.txt")));
        Assert.Equal(["set"], Directory.GetFileSystemEntries(_folder.At("out")).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("a.tar", false)]
    [InlineData("a.tgz", true)]
    [InlineData("a.tar.gz", true)]
    public void ATarIsUnpackedAndItsLinksBecomeCopies(string name, bool gzip)
    {
        Unpack(name, Tar(
            gzip, Entry(TarEntryType.Directory, "set/"), Entry(TarEntryType.RegularFile, "set/x.txt"),
            Entry(TarEntryType.SymbolicLink, "set/y.txt", "x.txt"),
            Entry(TarEntryType.HardLink, "z.txt", "set/x.txt"), Entry(TarEntryType.SymbolicLink, "w.txt", "z.txt")));
        foreach (string file in (string[])["set/x.txt", "set/y.txt", "z.txt", "w.txt"])
        {
            Assert.Equal("text", File.ReadAllText(_folder.At("out/" + file)));
            Assert.Null(File.ResolveLinkTarget(_folder.At("out/" + file), false));
        }
    }

    [Theory]
    [InlineData("../evil.txt", "would land outside")]
    [InlineData("set/../../evil.txt", "would land outside")]
    [InlineData("set\\..\\..\\evil.txt", "would land outside")]
    [InlineData("/tmp/evil.txt", "has a path of its own")]
    [InlineData("C:/evil.txt", "has a path of its own")]
    public void AnEntryThatWouldLandOutsideIsRefused(string name, string says)
    {
        Refused("a.zip", Zip(("fine.txt", "fine"), (name, "evil")), says);
        Refused("a.tar", Tar(
            false, Entry(TarEntryType.RegularFile, "fine.txt"), Entry(TarEntryType.RegularFile, name)), says);
    }

    [Theory]
    [InlineData(TarEntryType.SymbolicLink, "../../etc/passwd", "would land outside")]
    [InlineData(TarEntryType.SymbolicLink, "/etc/passwd", "links to /etc/passwd")]
    [InlineData(TarEntryType.HardLink, "/etc/passwd", "has a path of its own")]
    [InlineData(TarEntryType.SymbolicLink, "absent.txt", "is no earlier file of the archive")]
    [InlineData(TarEntryType.SymbolicLink, ".", "is no earlier file of the archive")]
    [InlineData(TarEntryType.Fifo, null, "is a Fifo")]
    [InlineData(TarEntryType.CharacterDevice, null, "is a CharacterDevice")]
    public void LinksElsewhereAndDevicesAreRefused(TarEntryType type, string? link, string says) =>
        Refused("a.tar", Tar(false, Entry(TarEntryType.RegularFile, "fine.txt"), Entry(type, "a/bad", link)), says);

    [Fact]
    public void AZippedLinkIsRefused()
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            ZipArchiveEntry entry = zip.CreateEntry("link");
            entry.ExternalAttributes = 0xA1FF << 16;
            using var writer = new StreamWriter(entry.Open());
            writer.Write("/etc/passwd");
        }

        Refused("a.zip", bytes.ToArray(), "is a link or a device");
    }

    [Fact]
    public void ABombIsRefused() =>
        Refused("a.zip", Zip(("bomb", new string('0', 70_000_000))), "unpacks to more than 100 times its size");

    [Theory]
    [InlineData("a.zip", 100)]
    [InlineData("a.tgz", 100)]
    [InlineData("a.tar", 700)]
    public void ATruncatedArchiveLeavesNothing(string name, int length)
    {
        byte[] whole = name == "a.zip"
            ? Zip(("a.txt", "text"), ("b.txt", "text"))
            : Tar(name == "a.tgz", Entry(TarEntryType.RegularFile, "a.txt"), Entry(TarEntryType.RegularFile, "b.txt"));
        Refused(name, whole[..length], "");
    }

    private void Refused(string name, byte[] archive, string says)
    {
        var error = Assert.Throws<VisionMambaException>(() => Unpack(name, archive));
        Assert.Contains(says, error.Message);
        Assert.Contains(_folder.At(name), error.Message);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.At("out")));
        Assert.Equal([name, "out"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
        File.Delete(_folder.At(name));
    }

    private void Unpack(string name, byte[] archive)
    {
        File.WriteAllBytes(_folder.At(name), archive);
        Archive.Unpack(_folder.At(name), _folder.At("out"), null, TestContext.Current.CancellationToken);
    }

    private static PaxTarEntry Entry(TarEntryType type, string name, string? link = null)
    {
        var entry = new PaxTarEntry(type, name);
        if (link is not null)
            entry.LinkName = link;
        if (type == TarEntryType.RegularFile)
            entry.DataStream = new MemoryStream("text"u8.ToArray());
        return entry;
    }

    private static byte[] Tar(bool gzip, params PaxTarEntry[] entries)
    {
        using var bytes = new MemoryStream();
        using (Stream to = gzip ? new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true) : bytes)
        using (var tar = new TarWriter(to, TarEntryFormat.Pax, leaveOpen: !gzip))
            foreach (PaxTarEntry entry in entries)
                tar.WriteEntry(entry);
        return bytes.ToArray();
    }
}

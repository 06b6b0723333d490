namespace VisionMamba.Tensors.Files;

/// <summary>
/// Writes .pth files that Python's torch.load opens (1.6 and later), whole or not at all: a stored zip with
/// archive/data.pkl, archive/byteorder, archive/data/KEY and archive/version. Numbers are streamed from the tensors;
/// equal inputs give equal bytes.
/// </summary>
public static class TorchArchiveWriter
{
    private const string Folder = "archive/";

    /// <summary>
    /// Writes <paramref name="root"/>; its tensors are stored as <paramref name="storage"/> (F32, F16 or BF16, rounded
    /// to nearest even) unless a <see cref="TorchTensor"/> says otherwise.
    /// </summary>
    /// <exception cref="ArgumentException">A value or an element type of another kind.</exception>
    /// <exception cref="VisionMambaException">The file cannot be written.</exception>
    public static void Write(string path, TorchDict root, ElementType storage = ElementType.F32) =>
        Write(path, root, storage, uint.MaxValue);

    /// <summary>As above, with zip64 fields from <paramref name="wide"/> bytes on.</summary>
    internal static void Write(string path, TorchDict root, ElementType storage, long wide)
    {
        var storages = new List<(Tensor Tensor, ElementType Type)>();
        var keys = new Dictionary<(Tensor, ElementType), string>();
        byte[] pickle = Pickler.Write(root, storage, (tensor, type) =>
        {
            if (!ElementWriter.Supports(type))
                throw new ArgumentException($"tensors are stored as F32, F16 or BF16, not {type}", nameof(storage));
            if (!keys.TryGetValue((tensor, type), out string? key))
            {
                keys[(tensor, type)] = key = $"{storages.Count}";
                storages.Add((tensor, type));
            }

            return key;
        });
        AtomicFile.Write(path, stream =>
        {
            var zip = new ZipWriter(stream, wide);
            var numbers = new ElementWriter();
            zip.Add(Folder + "data.pkl", pickle);
            zip.Add(Folder + "byteorder", "little"u8.ToArray());
            for (int i = 0; i < storages.Count; i++)
            {
                (Tensor tensor, ElementType type) = storages[i];
                zip.Add($"{Folder}data/{i}", tensor.Count * type.Bytes(),
                    sink => numbers.Write(tensor.Span, type, sink));
            }

            zip.Add(Folder + "version", "3\n"u8.ToArray());
            zip.Finish();
        });
    }
}

using System.Text;
using VisionMamba.Tensors.Files;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// One file of CIFAR: n pictures of 32 x 32 (3 planes, rows first) and their labels. Python's batches are pickles of
/// a dict with "data" (n x 3072 bytes) and "labels" or "fine_labels"; they are read as inert data. Binary batches are
/// records of 1 label byte (CIFAR-100: coarse, then fine) and 3072 bytes.
/// </summary>
internal sealed record CifarBatch(byte[] Pixels, IReadOnlyList<int> Labels)
{
    public const int Side = 32, PictureBytes = 3 * Side * Side;

    public static CifarBatch ReadPython(string path, string labelKey, int classes)
    {
        var faults = new FileFaults(path, "a python batch of CIFAR");
        PickleValue root = Unpickler.Read(DatasetFiles.Bytes(path), faults, _ => null, false);
        if (root["data"] is not { } data || root[labelKey] is not { } labels)
            throw faults.Damaged($"holds no entries \"data\" and \"{labelKey}\"");
        byte[] pixels = Matrix(data, faults, out long rows);
        if (labels.Items.Count != rows)
            throw faults.Damaged($"states {labels.Items.Count} labels for {rows} pictures");
        int[] values = new int[rows];
        for (int i = 0; i < values.Length; i++)
            values[i] = Checked(labels.Items[i].Integer ?? -1, classes, path, i);
        return new CifarBatch(pixels, values);
    }

    public static CifarBatch ReadBinary(string path, int labelBytes, int classes)
    {
        byte[] bytes = DatasetFiles.Bytes(path);
        int record = labelBytes + PictureBytes, count = bytes.Length / record;
        if (count == 0 || bytes.Length % record != 0)
            throw new VisionMambaException($"{path}: its {bytes.Length} bytes are not whole records of {record} bytes; "
                + "the file is cut off or not a binary batch of CIFAR: download it again");
        byte[] pixels = new byte[(long)count * PictureBytes];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++)
        {
            labels[i] = Checked(bytes[i * record + labelBytes - 1], classes, path, i);
            Array.Copy(bytes, i * record + labelBytes, pixels, i * PictureBytes, PictureBytes);
        }

        return new CifarBatch(pixels, labels);
    }

    /// <summary>The names under <paramref name="key"/> of a pickled batches.meta or meta file.</summary>
    public static List<string> ReadNames(string path, string key, int classes)
    {
        var faults = new FileFaults(path, "CIFAR's file of names");
        PickleValue root = Unpickler.Read(DatasetFiles.Bytes(path), faults, _ => null, false);
        IReadOnlyList<PickleValue> names = root[key]?.Items ?? [];
        if (names.Count != classes || names.Any(name => name.Text is null))
            throw faults.Damaged($"holds no {classes} names under \"{key}\"");
        return names.Select(name => name.Text!).ToList();
    }

    private static int Checked(long label, int classes, string path, int record) =>
        (ulong)label < (ulong)classes ? (int)label : throw new VisionMambaException(
            $"{path}: record {record} has the label {label}, which is not one of the {classes} classes; "
            + "download the file again");

    /// <summary>numpy's _reconstruct with the state (version, shape, dtype, is_fortran, bytes).</summary>
    private static byte[] Matrix(PickleValue data, FileFaults faults, out long rows)
    {
        if (data is not ForeignObject array || !array.Name.EndsWith("multiarray._reconstruct", StringComparison.Ordinal)
            || data.State?.Items is not [_, var shape, var type, var fortran, PickleScalar stored])
            throw faults.Damaged("\"data\" is not a numpy array");
        if (shape.Items is not [var first, var second] || first.Integer is not { } count
            || second.Integer != PictureBytes || fortran.Truth != false
            || type is not ForeignObject { Name: "numpy.dtype", Arguments.Items: [var code, ..] }
            || code.Text is not ("u1" or "uint8"))
            throw faults.Damaged($"\"data\" is not an array of n x {PictureBytes} bytes in C order");
        byte[]? bytes = stored.Value switch
        {
            byte[] raw => raw,
            string text when text.All(c => c <= 255) => Encoding.Latin1.GetBytes(text), // as Python 2 wrote it
            _ => null,
        };
        if (bytes is null || count < 1 || count > bytes.Length || bytes.Length != count * PictureBytes)
            throw faults.Damaged($"\"data\" states {count} pictures but has {bytes?.Length ?? 0} bytes");
        rows = count;
        return bytes;
    }
}

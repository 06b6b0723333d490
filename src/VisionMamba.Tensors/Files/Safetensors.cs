using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// The safetensors format: an 8-byte length, a JSON header {name: {dtype, shape, data_offsets}}, then the numbers.
/// </summary>
public static class Safetensors
{
    private const long HeaderLimit = 100_000_000;
    private const int Alignment = 64;
    private const string MetadataKey = "__metadata__";

    /// <summary>
    /// Writes fp32 tensors and text entries. Atomic: the file appears whole or not at all. The numbers start at a multiple
    /// of 64 bytes and every tensor at a multiple of 4, so that a reader can map them.
    /// </summary>
    public static void Write(
        string path, IEnumerable<(string Name, Tensor Tensor)> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        (string Name, Tensor Tensor)[] all = [.. tensors];
        byte[] header = Header(all, metadata);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(BitConverter.GetBytes((ulong)header.Length));
            stream.Write(header);
            foreach ((_, Tensor tensor) in all)
                stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(tensor.Span));
        });
    }

    internal static TensorFile Read(MappedFile file)
    {
        if (file.Length < 8)
            throw new VisionMambaException($"{file.Path}: neither a PyTorch nor a safetensors file (only {file.Length} bytes)");
        ulong length = BitConverter.ToUInt64(file.Bytes(0, 8));
        if (length < 2 || length > HeaderLimit || (long)length > file.Length - 8 || file.Bytes(8, 1)[0] != (byte)'{')
        {
            throw new VisionMambaException(
                $"{file.Path}: neither a PyTorch zip nor a safetensors file, or cut short; name a .pth or .safetensors checkpoint");
        }

        long start = 8 + (long)length;
        Dictionary<string, string> metadata = [];
        var tensors = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        var ranges = new List<(long Begin, long End)>();
        foreach (JsonProperty entry in ParseHeader(file, (int)length).EnumerateObject())
        {
            if (entry.Name == MetadataKey)
                metadata = ReadMetadata(entry.Value);
            else if (!tensors.TryAdd(entry.Name, ReadEntry(file, start, entry, ranges)))
                throw new FormatException($"the name {entry.Name} occurs twice");
        }

        CheckCover(ranges, file.Length - start);
        return new TensorFile(file.Path, "safetensors", tensors, metadata, null);
    }

    private static byte[] Header((string Name, Tensor Tensor)[] tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var header = new JsonObject();
        if (metadata.Count > 0)
        {
            header[MetadataKey] = new JsonObject(
                metadata.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => KeyValuePair.Create(e.Key, (JsonNode?)e.Value)));
        }

        long offset = 0;
        foreach ((string name, Tensor tensor) in tensors)
        {
            long end = offset + (tensor.Count * sizeof(float));
            header.Add(name, new JsonObject
            {
                ["dtype"] = "F32",
                ["shape"] = new JsonArray([.. tensor.Shape.ToArray().Select(s => (JsonNode)s)]),
                ["data_offsets"] = new JsonArray(offset, end),
            });
            offset = end;
        }

        byte[] json = Encoding.UTF8.GetBytes(header.ToJsonString());
        int padded = ((json.Length + 8 + Alignment - 1) / Alignment * Alignment) - 8;
        byte[] result = new byte[padded];
        Array.Fill(result, (byte)' ');
        json.CopyTo(result, 0);
        return result;
    }

    private static JsonElement ParseHeader(MappedFile file, int length)
    {
        try
        {
            var options = new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false };
            JsonElement root = JsonDocument.Parse(file.Bytes(8, length).ToArray(), options).RootElement;
            return root.ValueKind == JsonValueKind.Object ? root : throw new FormatException("the header is not an object");
        }
        catch (JsonException e)
        {
            throw new FormatException($"its header is not valid JSON: {e.Message}", e);
        }
    }

    private static Dictionary<string, string> ReadMetadata(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new FormatException("its metadata is not an object");
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty entry in element.EnumerateObject())
            metadata[entry.Name] = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : entry.Value.GetRawText();
        return metadata;
    }

    private static StoredTensor ReadEntry(
        MappedFile file, long start, JsonProperty entry, List<(long Begin, long End)> ranges)
    {
        try
        {
            string type = entry.Value.GetProperty("dtype").GetString() ?? "";
            if (!Enum.TryParse(type == "BOOL" ? "Bool" : type, out ElementType elementType))
                throw new FormatException($"tensor {entry.Name} has the unknown type {type}");
            int[] shape = TensorFile.CheckedShape(
                entry.Value.GetProperty("shape").EnumerateArray().Select(s => s.GetInt64()), entry.Name);
            JsonElement offsets = entry.Value.GetProperty("data_offsets");
            long begin = offsets[0].GetInt64(), end = offsets[1].GetInt64();
            long bytes = checked(Tensor.CountOf(shape) * elementType.Size());
            if (offsets.GetArrayLength() != 2 || begin < 0 || end < begin || end > file.Length - start || end - begin != bytes)
                throw new FormatException($"tensor {entry.Name} lies outside the file or does not fit its shape");
            ranges.Add((begin, end));
            return new StoredTensor(file, entry.Name, elementType, shape, RowMajor(shape), start + begin);
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
        {
            throw new FormatException($"the entry of tensor {entry.Name} is malformed", e);
        }
    }

    /// <summary>The format allows neither holes nor overlaps.</summary>
    private static void CheckCover(List<(long Begin, long End)> ranges, long dataLength)
    {
        long at = 0;
        foreach ((long begin, long end) in ranges.Order())
        {
            if (begin != at)
                throw new FormatException("its tensors overlap or leave holes");
            at = end;
        }

        if (at != dataLength)
            throw new FormatException($"{dataLength - at} bytes follow the last tensor");
    }

    internal static long[] RowMajor(int[] shape)
    {
        long[] strides = new long[shape.Length];
        long stride = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= shape[i];
        }

        return strides;
    }
}

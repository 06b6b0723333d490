using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// Writes .safetensors files, whole or not at all. The tensors keep the given order and the metadata is sorted, so
/// equal inputs give equal bytes. The data starts at a multiple of 64 bytes, so fp32 tensors can be read in place.
/// </summary>
public static class SafetensorsWriter
{
    private const int Alignment = 64;

    /// <summary>Writes <paramref name="tensors"/> as fp32 with <paramref name="metadata"/> (null for none).</summary>
    /// <exception cref="ArgumentException">A name is there twice or is reserved.</exception>
    /// <exception cref="VisionMambaException">The file cannot be written.</exception>
    public static void Write(
        string path,
        IEnumerable<(string Name, Tensor Tensor)> tensors,
        IReadOnlyDictionary<string, string>? metadata) =>
        Write(path, tensors, metadata, ElementType.F32);

    /// <summary>Writes <paramref name="tensors"/> stored as F32, F16 or BF16, rounded to nearest even.</summary>
    /// <exception cref="ArgumentException">A name is there twice or is reserved, or another type is asked
    /// for.</exception>
    /// <exception cref="VisionMambaException">The file cannot be written.</exception>
    public static void Write(
        string path,
        IEnumerable<(string Name, Tensor Tensor)> tensors,
        IReadOnlyDictionary<string, string>? metadata,
        ElementType storage)
    {
        if (!ElementWriter.Supports(storage))
            throw new ArgumentException($"tensors are stored as F32, F16 or BF16, not {storage}", nameof(storage));
        (string Name, Tensor Tensor)[] all = [.. tensors];
        byte[] header = Header(all, metadata, storage);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            var numbers = new ElementWriter();
            foreach ((_, Tensor tensor) in all)
                numbers.Write(tensor.Span, storage, stream.Write);
        });
    }

    private static byte[] Header(
        (string Name, Tensor Tensor)[] tensors, IReadOnlyDictionary<string, string>? metadata, ElementType storage)
    {
        var text = new ArrayBufferWriter<byte>();
        var seen = new HashSet<string>(StringComparer.Ordinal) { SafetensorsHeader.MetadataKey };
        using (var json = new Utf8JsonWriter(text, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
                WriteMetadata(json, metadata);
            long offset = 0;
            foreach ((string name, Tensor tensor) in tensors)
            {
                if (!seen.Add(name))
                    throw new ArgumentException($"the name '{name}' is reserved or there twice", nameof(tensors));
                long end = offset + tensor.Count * storage.Bytes();
                WriteEntry(json, name, tensor.Shape, storage, offset, end);
                offset = end;
            }

            json.WriteEndObject();
        }

        int start = SafetensorsHeader.LengthBytes + text.WrittenCount;
        byte[] header = new byte[(start + Alignment - 1) / Alignment * Alignment];
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - SafetensorsHeader.LengthBytes);
        text.WrittenSpan.CopyTo(header.AsSpan(SafetensorsHeader.LengthBytes));
        header.AsSpan(start).Fill((byte)' ');
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject(SafetensorsHeader.MetadataKey);
        foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void WriteEntry(
        Utf8JsonWriter json, string name, ReadOnlySpan<int> shape, ElementType storage, long begin, long end)
    {
        json.WriteStartObject(name);
        json.WriteString("dtype", storage.SafetensorsName());
        json.WriteStartArray("shape");
        foreach (int size in shape)
            json.WriteNumberValue(size);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(begin);
        json.WriteNumberValue(end);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

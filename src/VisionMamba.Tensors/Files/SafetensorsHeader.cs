using System.Buffers.Binary;
using System.Text.Json;

namespace VisionMamba.Tensors.Files;

/// <summary>
/// Reads a .safetensors file: u64 length, JSON header {name: {dtype, shape, data_offsets: [begin, end)}}, then the
/// data,
/// which the tensors must cover without gap or overlap. Format: github.com/huggingface/safetensors, README.
/// </summary>
internal sealed class SafetensorsHeader
{
    public const int LengthBytes = 8;
    public const string MetadataKey = "__metadata__";
    private const long MaxHeader = 100_000_000;
    private const int MaxDepth = 8;

    private readonly MappedFile _file;
    private readonly FileFaults _faults;
    private readonly List<(long Begin, long End, string Name)> _ranges = [];
    private readonly long _dataStart;

    private SafetensorsHeader(MappedFile file, FileFaults faults, long headerLength)
    {
        _file = file;
        _faults = faults;
        _dataStart = LengthBytes + headerLength;
    }

    public OrderedDictionary<string, StoredTensor> Tensors { get; } = new(StringComparer.Ordinal);

    public OrderedDictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    public static bool Recognises(MappedFile file) => file.Length > LengthBytes && file.Bytes(LengthBytes, 1)[0] == '{';

    public static SafetensorsHeader Read(MappedFile file, FileFaults faults)
    {
        long length = BinaryPrimitives.ReadInt64LittleEndian(file.Bytes(0, LengthBytes));
        if (length is < 2 or > MaxHeader)
            throw faults.Damaged($"the safetensors header states a length of {(ulong)length} bytes");
        if (!file.Holds(LengthBytes, length))
            throw faults.Damaged($"the safetensors header of {length} bytes is longer than the file");
        var header = new SafetensorsHeader(file, faults, length);
        try
        {
            header.ReadEntries(file.Bytes(LengthBytes, (int)length));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw faults.Damaged("the safetensors header is not the JSON it should be");
        }

        header.RequireCover();
        return header;
    }

    private void ReadEntries(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        bool sawMetadata = false;
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (name != MetadataKey)
                ReadTensor(ref reader, name);
            else if (sawMetadata)
                throw Twice(name);
            else
                ReadMetadata(ref reader);
            sawMetadata |= name == MetadataKey;
        }

        if (reader.Read())
            throw _faults.Damaged("something follows the safetensors header");
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            Expect(ref reader, JsonTokenType.String);
            if (!Metadata.TryAdd(name, reader.GetString()!))
                throw Twice(name);
        }
    }

    private void ReadTensor(ref Utf8JsonReader reader, string name)
    {
        string? type = null;
        long[]? sizes = null, offsets = null;
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string field = reader.GetString()!;
            if (field is "dtype" && type == null)
            {
                Expect(ref reader, JsonTokenType.String);
                type = reader.GetString();
            }
            else if (field is "shape" && sizes == null)
                sizes = ReadNumbers(ref reader);
            else if (field is "data_offsets" && offsets == null)
                offsets = ReadNumbers(ref reader);
            else
                throw _faults.Damaged($"{FileFaults.Show(name)} has an unexpected field {FileFaults.Show(field)}");
        }

        if (type == null || sizes == null || offsets is not { Length: 2 })
            throw _faults.Damaged($"{FileFaults.Show(name)} lacks its type, shape or two offsets");
        Add(name, type, sizes, offsets[0], offsets[1]);
    }

    private void Add(string name, string typeName, long[] sizes, long begin, long end)
    {
        string shown = FileFaults.Show(name);
        if (ElementTypes.FromSafetensors(typeName) is not { } type)
            throw _faults.Refused($"{shown} has the type {FileFaults.Show(typeName)}", "convert it to F32 or F16");
        long length = _file.Length - _dataStart;
        if (begin < 0 || end < begin || end > length)
            throw _faults.Damaged($"{shown} has the offsets {begin} to {end} in {length} bytes of data");
        long elements = (end - begin) / type.Bytes();
        if (TensorLayout.CountOf(sizes) is not { } count || count != elements || (end - begin) % type.Bytes() != 0)
            throw _faults.Damaged($"the shape of {shown} does not go with its {end - begin} bytes of {type}");
        int[] shape = Array.ConvertAll(sizes, size => (int)size);
        long[] strides = TensorLayout.ContiguousStrides(shape);
        if (TensorLayout.TryCreate(sizes, strides, 0, elements, out TensorLayout? layout) is { } wrong)
            throw _faults.Damaged($"{shown} {wrong}");
        var block = new ByteBlock(_file, _dataStart + begin, end - begin, _faults);
        if (!Tensors.TryAdd(name, new StoredTensor(name, type, block, layout!, !BitConverter.IsLittleEndian)))
            throw Twice(name);
        _ranges.Add((begin, end, name));
    }

    /// <summary>The format allows neither gaps, nor overlaps, nor bytes after the last tensor.</summary>
    private void RequireCover()
    {
        _ranges.Sort();
        long covered = 0;
        foreach ((long begin, long end, string name) in _ranges)
        {
            string shown = FileFaults.Show(name);
            if (begin < covered)
                throw _faults.Damaged($"the data of {shown} overlaps another tensor's");
            if (begin > covered)
                throw _faults.Damaged($"{begin - covered} bytes before the data of {shown} belong to nothing");
            covered = end;
        }

        long rest = _file.Length - _dataStart - covered;
        if (rest != 0)
            throw _faults.Damaged($"{rest} bytes after the last tensor belong to nothing");
    }

    private VisionMambaException Twice(string name) => _faults.Damaged($"{FileFaults.Show(name)} is there twice");

    private static long[] ReadNumbers(ref Utf8JsonReader reader)
    {
        var numbers = new List<long>();
        Expect(ref reader, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            numbers.Add(reader.GetInt64());
        return [.. numbers];
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType token)
    {
        if (!reader.Read() || reader.TokenType != token)
            throw new JsonException();
    }
}

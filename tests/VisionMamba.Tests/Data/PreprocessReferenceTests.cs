using System.Text.Json;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Images;

namespace VisionMamba.Tests.Data;

/// <summary>Decoder, resize and crop against Pillow's and torchvision's recorded results, to the bit.</summary>
public class PreprocessReferenceTests
{
    public static TheoryData<string, string> EvalCases => PreprocessCases.OfKind("eval_preprocess");

    public static TheoryData<string, string> CropCases => PreprocessCases.OfKind("resized_crop");

    public static TheoryData<string, string> BoxCases => PreprocessCases.OfKind("resize_box");

    [Fact]
    public void CasesAreFound()
    {
        TestContext.Current.SendDiagnosticMessage(
            $"preprocessing cases: {EvalCases.Count} eval, {CropCases.Count} crop");
        Assert.NotEmpty(EvalCases);
        Assert.NotEmpty(CropCases);
    }

    [Theory]
    [MemberData(nameof(EvalCases))]
    public void DecodesAsPillow(string folder, string item)
    {
        JsonElement info = JsonElement.Parse(item);
        string path = PathOf(folder, info, "image");
        RgbImage actual = ImageDecoder.Decode(path), expected = ImageDecoder.Decode(PathOf(folder, info, "decoded"));
        if (Is16BitGrey(path))
            expected = PngOracle.Grey16Scaled(path); // Pillow clips 16-bit grey: a flaw, not a reference
        AssertSame(expected, actual, info);
    }

    [Theory]
    [MemberData(nameof(EvalCases))]
    public void EvaluatesAsTorchvision(string folder, string item)
    {
        JsonElement info = JsonElement.Parse(item);
        string path = PathOf(folder, info, "image");
        RgbImage source = ImageDecoder.Decode(Is16BitGrey(path) ? PathOf(folder, info, "decoded") : path);
        RgbImage actual = EvalTransform.Crop(
            source, info.GetProperty("resize").GetInt32(), info.GetProperty("crop").GetInt32(), FilterOf(info));
        AssertSame(ImageDecoder.Decode(PathOf(folder, info, "expected")), actual, info);
    }

    [Theory]
    [MemberData(nameof(CropCases))]
    public void CropsAndResizesAsTorchvision(string folder, string item)
    {
        JsonElement info = JsonElement.Parse(item);
        RgbImage source = ImageDecoder.Decode(PathOf(folder, info, "image"));
        var crop = new PixelBox(info.GetProperty("left").GetInt32(), info.GetProperty("top").GetInt32(),
            info.GetProperty("width").GetInt32(), info.GetProperty("height").GetInt32());
        RgbImage actual = TrainTransform.ResizedCrop(source, crop, info.GetProperty("size").GetInt32(), FilterOf(info));
        AssertSame(ImageDecoder.Decode(PathOf(folder, info, "expected")), actual, info);
    }

    [Theory]
    [MemberData(nameof(BoxCases))]
    public void ResizesABoxAsPillow(string folder, string item)
    {
        JsonElement info = JsonElement.Parse(item);
        RgbImage source = ImageDecoder.Decode(PathOf(folder, info, "image"));
        double[] box = [.. info.GetProperty("box").EnumerateArray().Select(side => side.GetDouble())];
        RgbImage actual = Resampler.Resize(source, info.GetProperty("width").GetInt32(),
            info.GetProperty("height").GetInt32(), FilterOf(info), (box[0], box[1], box[2], box[3]));
        AssertSame(ImageDecoder.Decode(PathOf(folder, info, "expected")), actual, info);
    }

    private static void AssertSame(RgbImage expected, RgbImage actual, JsonElement info)
    {
        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
        int wrong = 0, worst = 0;
        for (int i = 0; i < expected.Pixels.Length; i++)
        {
            int gap = Math.Abs(expected.Pixels[i] - actual.Pixels[i]);
            wrong += gap == 0 ? 0 : 1;
            worst = Math.Max(worst, gap);
        }

        Assert.True(wrong == 0,
            $"{info.GetProperty("image").GetString()}: {wrong} of {expected.Pixels.Length} differ, by up to {worst}");
    }

    private static string PathOf(string folder, JsonElement info, string key) =>
        Path.Combine(folder, info.GetProperty(key).GetString()!);

    private static Interpolation FilterOf(JsonElement info) =>
        Enum.Parse<Interpolation>(info.GetProperty("interpolation").GetString()!, ignoreCase: true);

    // A PNG's bytes 24 and 25: bit depth and colour type.
    private static bool Is16BitGrey(string path) =>
        File.ReadAllBytes(path) is [0x89, 0x50, ..] bytes && bytes[24] == 16 && bytes[25] == 0;
}

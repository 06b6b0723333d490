using System.Text.Json;
using VisionMamba.Data.Augment;
using VisionMamba.Data.Augment.Operations;
using VisionMamba.Data.Images;

namespace VisionMamba.Tests.Data;

/// <summary>Every recorded operation against Pillow's picture, to the bit.</summary>
public class AugmentReferenceTests
{
    public static TheoryData<string, string> Cases => PreprocessCases.OfKind("augment_op");

    public static TheoryData<string, string> PictureCases => PreprocessCases.OfKind("picture_op");

    [Theory]
    [MemberData(nameof(Cases))]
    public void EqualsPillow(string folder, string item)
    {
        JsonElement info = JsonElement.Parse(item);
        RgbImage source = ImageDecoder.Decode(Path.Combine(folder, info.GetProperty("image").GetString()!));
        RgbImage expected = ImageDecoder.Decode(Path.Combine(folder, info.GetProperty("expected").GetString()!));
        AugmentOperation operation = AugmentOperation.Named(info.GetProperty("op").GetString()!);
        double argument = info.GetProperty("args").EnumerateArray().Select(a => a.GetDouble()).FirstOrDefault();
        byte[] fill = [.. info.GetProperty("fill").EnumerateArray().Select(v => v.GetByte())];
        var interpolation = Enum.Parse<Interpolation>(info.GetProperty("interpolation").GetString()!, ignoreCase: true);

        RgbImage actual = operation.Apply(source, argument, interpolation, new FillColor(fill[0], fill[1], fill[2]));
        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
        Assert.Equal(0, expected.Pixels.Zip(actual.Pixels).Count(pair => pair.First != pair.Second));
        var settings = new PolicySettings(default, null, 100);
        double level = info.GetProperty("level").GetDouble();
        double[] arguments = [operation.Argument(level, 1, settings), operation.Argument(level, -1, settings)];
        Assert.Contains(argument, arguments);
    }

    [Theory]
    [MemberData(nameof(PictureCases))]
    public void OtherOperationsEqualPillow(string folder, string item)
    {
        JsonElement info = JsonElement.Parse(item);
        RgbImage image = ImageDecoder.Decode(Path.Combine(folder, info.GetProperty("image").GetString()!));
        RgbImage expected = ImageDecoder.Decode(Path.Combine(folder, info.GetProperty("expected").GetString()!));
        double argument = info.GetProperty("args")[0].GetDouble();
        switch (info.GetProperty("op").GetString())
        {
            case "Hue":
                HueShift.Apply(image, argument);
                break;
            case "GaussianBlur":
                GaussianBlur.Apply(image, argument);
                break;
            case "Grey":
                Luma.Grey(image.Pixels, image.Pixels);
                break;
            default:
                Assert.Fail(item);
                break;
        }

        Assert.Equal(expected.Pixels, image.Pixels);
    }

    [Fact]
    public void TheMeanIsTheFillColour() =>
        Assert.Equal(new FillColor(124, 116, 104), AugmentPolicy.Fill(Preprocessing.ImageNet().Mean));
}

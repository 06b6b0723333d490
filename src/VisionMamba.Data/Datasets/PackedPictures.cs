using VisionMamba.Data.Images;

namespace VisionMamba.Data.Datasets;

/// <summary>
/// Pictures of one size held as records of 3 planes (red, green, blue), as CIFAR's batches and SVHN's .mat files have
/// them. <paramref name="rowsFirst"/>: within a plane whole rows follow each other (CIFAR), else whole columns (SVHN).
/// </summary>
internal sealed class PackedPictures(byte[] records, int width, int height, bool rowsFirst) : IImageSource
{
    private readonly int _plane = width * height;

    /// <summary>How many.</summary>
    public int Count => records.Length / (3 * _plane);

    /// <inheritdoc/>
    public RgbImage Load(int index, Sample sample) => Load(((PackedSample)sample).Record);

    /// <summary>The picture <paramref name="record"/>.</summary>
    public RgbImage Load(int record)
    {
        RgbImage image = RgbImage.Uninitialized(width, height);
        int start = record * 3 * _plane, stepX = rowsFirst ? 1 : height, stepY = rowsFirst ? width : 1;
        for (int y = 0, at = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int pixel = start + x * stepX + y * stepY;
                image.Pixels[at++] = records[pixel];
                image.Pixels[at++] = records[pixel + _plane];
                image.Pixels[at++] = records[pixel + 2 * _plane];
            }
        }

        return image;
    }
}

namespace VisionMamba.Data.Images;

/// <summary>One picture of a <see cref="PictureSheet"/>.</summary>
/// <param name="Image">The picture, of any size.</param>
/// <param name="Caption">
/// ASCII text below it: up to two lines, broken at '\n' or between words; longer text ends in "..".
/// </param>
/// <param name="Correct">The frame's colour: green for true, red for false, grey for null.</param>
public sealed record SheetItem(RgbImage Image, string Caption, bool? Correct);

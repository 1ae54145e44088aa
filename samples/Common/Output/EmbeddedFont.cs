using ScottPlot;
using SkiaSharp;

namespace EtfNet.Samples;

/// <summary>The font of all pictures: a machine with only the SDK may have none, and then pictures would have no text.</summary>
internal sealed class EmbeddedFont : IFontResolver
{
    private const string Name = "DejaVu Sans";

    /// <summary>Makes it the font of everything drawn from now on.</summary>
    public static void Use()
    {
        if (!Fonts.FontResolvers.OfType<EmbeddedFont>().Any())
            Fonts.FontResolvers.Insert(0, new EmbeddedFont());
        Fonts.Default = Name;
    }

    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName != Name ? null
        : SKTypeface.FromStream(typeof(EmbeddedFont).Assembly.GetManifestResourceStream("font/DejaVuSans.ttf"));

    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        CreateTypeface(fontName, bold: false, italic: false);
}

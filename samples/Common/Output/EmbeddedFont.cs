using ScottPlot;
using SkiaSharp;

namespace EtfNet.Samples;

/// <summary>The font of all pictures: a machine with only the SDK may have none, and then pictures would have no text.</summary>
internal sealed class EmbeddedFont : IFontResolver
{
    private const string Name = "DejaVu Sans";

    private EmbeddedFont()
    {
    }

    /// <summary>Makes it the font of everything drawn from now on.</summary>
    public static void Use()
    {
        if (Fonts.FontResolvers.OfType<EmbeddedFont>().Any())
            return;
        Fonts.FontResolvers.Insert(0, new EmbeddedFont());
        Fonts.Default = Name;
    }

    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => Load(fontName);

    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) => Load(fontName);

    private static SKTypeface? Load(string fontName)
    {
        if (fontName != Name)
            return null;
        using var stream = typeof(EmbeddedFont).Assembly.GetManifestResourceStream("font/DejaVuSans.ttf");
        return SKTypeface.FromStream(stream);
    }
}

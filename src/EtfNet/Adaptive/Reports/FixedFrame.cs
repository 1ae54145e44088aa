using System.Text.Json.Serialization;

namespace EtfNet;

/// <summary>The frame that a fixed layer has.</summary>
/// <param name="Kind">How the orthogonal part of the frame was chosen.</param>
/// <param name="IsColumnFrame">
/// Whether the columns of the weight are the simplex ETF, as in <see cref="EtfFrame.OrColumns"/>, instead of its rows.
/// </param>
[JsonConverter(typeof(FixedFrameJson))]
public readonly record struct FixedFrame(EtfFrameKind Kind, bool IsColumnFrame = false)
{
    private const string Columns = " columns";

    /// <summary>Writes the frame in words.</summary>
    /// <returns>The kind in lower case, such as <c>aligned</c>; with <c> columns</c> for a column frame.</returns>
    public override string ToString() => Kind.ToString().ToLowerInvariant() + (IsColumnFrame ? Columns : "");

    /// <summary>The frame of a text that <see cref="ToString"/> gave; null where it is none.</summary>
    internal static FixedFrame? Parse(string? text)
    {
        foreach (var kind in Enum.GetValues<EtfFrameKind>())
            foreach (var isColumnFrame in new[] { false, true })
                if (new FixedFrame(kind, isColumnFrame) is var frame && frame.ToString() == text)
                    return frame;
        return null;
    }
}

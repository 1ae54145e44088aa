using System.Text;

namespace EtfNet;

/// <summary>Rows of cells as lines of text; columns that no row fills are left out.</summary>
internal static class TextTable
{
    /// <summary>
    /// Appends a heading line and a line per row. The first and the last column read from the left, the others from the right.
    /// </summary>
    public static void Append(StringBuilder text, IReadOnlyList<string> titles, IReadOnlyList<string[]> rows)
    {
        var shown = Enumerable.Range(0, titles.Count).Where(c => rows.Any(row => row[c].Length > 0)).ToArray();
        var widths = shown.Select(c => Math.Max(titles[c].Length, rows.Max(row => row[c].Length))).ToArray();
        Line(c => titles[c]);
        foreach (var row in rows)
            Line(c => row[c]);

        void Line(Func<int, string> cell)
        {
            var line = new StringBuilder();
            for (var i = 0; i < shown.Length; i++)
            {
                var left = shown[i] == 0 || shown[i] == titles.Count - 1;
                line.Append("  ").Append(left ? cell(shown[i]).PadRight(widths[i]) : cell(shown[i]).PadLeft(widths[i]));
            }

            text.AppendLine().Append(line.ToString().TrimEnd());
        }
    }
}

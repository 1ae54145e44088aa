using System.Text;

namespace EtfNet.Benchmarks.Report;

/// <summary>A Markdown table; also readable as plain text, since its columns are padded.</summary>
internal sealed class MarkdownTable(params string[] head)
{
    private readonly List<string[]> _rows = [];

    public bool IsEmpty => _rows.Count == 0;

    public MarkdownTable Add(params string[] cells)
    {
        if (cells.Length != head.Length)
            throw new ArgumentException($"{cells.Length} cells came for {head.Length} columns.", nameof(cells));
        _rows.Add(cells);
        return this;
    }

    public override string ToString()
    {
        var widths = head.Select((title, column) => Math.Max(3, _rows.Select(row => row[column].Length).Append(title.Length).Max())).ToArray();
        var text = new StringBuilder();
        Line(head);
        Line([.. widths.Select((width, column) => IsText(column) ? new string('-', width) : new string('-', width - 1) + ":")]);
        foreach (var row in _rows)
            Line(row);
        return text.ToString();

        void Line(string[] cells)
        {
            text.Append('|');
            for (var column = 0; column < cells.Length; column++)
                text.Append(' ').Append(IsText(column) ? cells[column].PadRight(widths[column]) : cells[column].PadLeft(widths[column])).Append(" |");
            text.Append('\n');
        }
    }

    /// <summary>Numbers stand at the right: a column all of whose cells begin with a digit, or are empty.</summary>
    private bool IsText(int column) => column == 0 || !_rows.All(row => row[column] is "-" or "" || char.IsAsciiDigit(row[column][0]) || row[column][0] is '-' or '+');
}

using System.Globalization;
using System.Text;

namespace EtfNet.Samples;

/// <summary>A table of results.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Columns">The headings.</param>
/// <param name="Rows">The cells, as many a row as there are columns.</param>
internal sealed record ResultTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>A row for each variant, its seeds, and the mean and spread of each column over them.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="variants">The variants and their runs.</param>
    /// <param name="columns">A heading, what it is of a run, and how it is written.</param>
    public static ResultTable Of(
        string title, IReadOnlyList<(string Variant, IReadOnlyList<FinishedRun> Runs)> variants, params IReadOnlyList<(string Heading, Func<FinishedRun, double?> Value, string Format)> columns) =>
        new(title, ["run", "seeds", .. columns.Select(column => column.Heading)],
            [.. variants.Select(variant => (IReadOnlyList<string>)
                [variant.Variant, string.Join(", ", variant.Runs.Select(run => run.Run.Seed)), .. columns.Select(column => Spread.Of(variant.Runs.Select(column.Value)).ToText(column.Format))])]);

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"**{Title}**\n\n");
        Line(Columns);
        Line([.. Columns.Select((_, i) => i == 0 ? "---" : "---:")]);
        foreach (var row in Rows)
            Line(row);
        return text.ToString();

        void Line(IReadOnlyList<string> cells) => text.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
    }
}

using System.Text;

namespace EtfNet.Benchmarks.Report;

/// <summary>Renders a report as Markdown.</summary>
internal static class ReportDocument
{
    public static string Render(ReportData data)
    {
        var text = new StringBuilder($"# {data.Name}\n\n");
        foreach (var (name, value) in data.Header)
            text.Append($"- {name}: {value}\n");

        Section("In short", "Medians of alternated runs; the sections below say of what.", Excerpt.Table(data));
        Section("Limits", "A copy and matrix products of this run. A share of them tells how far a piece of work is from what the machine can do.", Tables.Limits(data.Limits));
        Section("Ratios", "Work and reference alternated; below 1 is faster than the reference. The overhead of watching is the mean of paired samples, with its 95% interval.",
            Tables.Ratios(data.Ratios));
        foreach (var (section, results) in data.Works)
            Section(section,
                "What stands in one block of shapes alternated in one run; `of first`: time over that of the block's first line, where a block has several subjects over the first line of the same work. `must move` and `operations` are what the work needs in any "
                + "formulation; the greater share is that of the limit that binds. `live tensors` are held between runs, `peak resident` is the whole process's.",
                Tables.Works(results, data.Limits));
        foreach (var (growth, picture) in data.Growth)
        {
            Section($"Growth over {growth.Plot.Axis}", $"{Capital(growth.Plot.Fixed)}. Fitted exponents, over all points and over the upper half, where fixed costs of a call count less.",
                Tables.Growth(growth));
            text.Append($"\n![cost over {growth.Plot.Axis}]({picture})\n");
        }

        return text.ToString();

        void Section(string title, string about, MarkdownTable table)
        {
            if (!table.IsEmpty)
                text.Append($"\n## {title}\n\n{about}\n\n{table}");
        }
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}

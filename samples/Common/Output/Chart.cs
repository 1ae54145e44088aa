namespace EtfNet.Samples;

/// <summary>A picture of lines over one axis.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="XLabel">The horizontal axis.</param>
/// <param name="YLabel">The vertical axis.</param>
/// <param name="Lines">The lines; those without points are left out.</param>
public sealed record Chart(string Title, string XLabel, string YLabel, IReadOnlyList<ChartLine> Lines)
{
    /// <summary>Gets the range of the horizontal axis; null for that of the points.</summary>
    public (double Low, double High)? X { get; init; }

    /// <summary>Gets the range of the vertical axis; null for that of the points.</summary>
    public (double Low, double High)? Y { get; init; }

    /// <summary>Gets names for the whole numbers from 0 on of the horizontal axis, which then has no others.</summary>
    public IReadOnlyList<string>? XNames { get; init; }

    /// <summary>Gets whether only whole numbers are marked on the horizontal axis.</summary>
    public bool WholeX { get; init; } = true;

    /// <summary>Gets heights to mark by a dashed line, and their names.</summary>
    public IReadOnlyList<(double Y, string? Name)> Levels { get; init; } = [];

    /// <summary>Gets places to mark by a dashed line, and their names.</summary>
    public IReadOnlyList<(double X, string? Name)> Places { get; init; } = [];
}

/// <summary>A line of a chart.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Points">Its points, from left to right.</param>
public sealed record ChartLine(string Name, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>Gets the place of its color among <see cref="Colors"/>; null for its place among the lines.</summary>
    public int? Color { get; init; }

    /// <summary>Gets how many colors there are; null for as many as lines.</summary>
    public int? Colors { get; init; }

    public bool Dashed { get; init; }

    /// <summary>Gets whether every point is marked by a dot.</summary>
    public bool Dots { get; init; }

    /// <summary>Gets how far up and down each point spreads, as many as points; null for no spread.</summary>
    public IReadOnlyList<double>? Spread { get; init; }

    /// <summary>Gets points to mark by a dot.</summary>
    public IReadOnlyList<(double X, double Y)> Marks { get; init; } = [];
}

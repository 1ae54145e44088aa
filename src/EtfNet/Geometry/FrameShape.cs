namespace EtfNet;

/// <summary>
/// The shape of a frame. Row frames of K x d are <see cref="Points"/> = K points in <see cref="Space"/> = d dimensions; a column frame is
/// the
/// transpose of a row frame of d points in K dimensions, so everything is computed for row frames and transposed.
/// </summary>
internal readonly record struct FrameShape(long Rows, long Columns, bool IsColumnFrame)
{
    public long Points => IsColumnFrame ? Columns : Rows;

    public long Space => IsColumnFrame ? Rows : Columns;

    /// <summary>The numbers of the matrix, stored or not.</summary>
    public long Count => Rows * Columns;

    /// <summary>sqrt(m/(m-1)): what makes the m points of norm 1.</summary>
    public double Norm => Math.Sqrt(Points / (Points - 1.0));

    public static bool Exists(EtfFrame frame, long rows, long columns) =>
        rows >= 2 && columns >= 1 && (rows - 1 <= columns || (frame.AllowsColumns && columns >= 2));

    /// <exception cref="ArgumentOutOfRangeException">No frame of that shape exists, or only the column frame, which was not
    /// chosen.</exception>
    public static FrameShape For(EtfFrame frame, long rows, long columns, string rowsName, string columnsName)
    {
        ArgumentNullException.ThrowIfNull(frame);
        if (columns < 1)
            throw new ArgumentOutOfRangeException(columnsName, columns, "A frame needs at least 1 dimension.");
        if (rows < 2)
            throw new ArgumentOutOfRangeException(rowsName, rows, "A simplex ETF has at least 2 rows.");
        if (rows - 1 <= columns)
            return new FrameShape(rows, columns, false);
        if (!frame.AllowsColumns)
            throw new ArgumentOutOfRangeException(rowsName, rows,
                $"No simplex ETF of {rows} rows exists in {columns} dimensions: at most {(ulong)columns + 1} rows have equal angles. "
                + $"Choose the column frame, {nameof(EtfFrame)}.{nameof(EtfFrame.OrColumns)}, whose {columns} columns are a simplex ETF "
                + $"in {rows} dimensions, or fewer rows.");
        if (columns < 2)
            throw new ArgumentOutOfRangeException(columnsName, columns, "A column frame has at least 2 columns.");
        return new FrameShape(rows, columns, true);
    }
}

namespace EtfNet;

/// <summary>Rows and columns: of a stride, a dilation, a padding, or a map.</summary>
internal readonly record struct Extent(long Rows, long Columns);

using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// The mean of rows and a root of their scatter, <c>R^T R = sum (x - mean)(x - mean)^T</c>, gathered in one pass by orthogonal
/// factorizations.
/// </summary>
/// <remarks>
/// R is the triangular factor of all centered rows: no product of the data with itself is formed, so that small directions keep their
/// digits. Parts are merged with one more row, the distance of their means (Chan, Golub, LeVeque 1983).
/// </remarks>
internal sealed class PrincipalAxes(int width)
{
    // Few rows at a time would pay for the factor of a width x width matrix again and again.
    private const int LeastRows = 1024;

    private readonly List<double[]> _waiting = [];
    private double[] _mean = new double[width];
    private double[]? _root;
    private long _merged;

    public int Width => width;

    public long Count { get; private set; }

    /// <summary>Adds rows, all of them finite.</summary>
    public void Add(Tensor rows)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var block = rows.detach().cpu().to(float64).contiguous();
        Count += block.shape[0];
        _waiting.Add(MemoryMarshal.Cast<byte, double>(block.bytes).ToArray());
        if (_waiting.Sum(values => (long)values.Length) >= (long)Math.Max(width, LeastRows) * width)
            Merge();
    }

    /// <summary>The mean of all rows.</summary>
    public double[] Mean()
    {
        Merge();
        return _mean;
    }

    /// <summary>R, of the current scope: at most width rows.</summary>
    public Tensor Root()
    {
        Merge();
        return _root is null ? zeros(1, width, dtype: float64) : HostTensor.Of(_root, _root.Length / width, width);
    }

    private void Merge()
    {
        if (_waiting.Count == 0 || Count == _merged)
            return;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var rows = cat([.. _waiting.Select(values => HostTensor.Of(values, values.Length / width, width))]);
        _waiting.Clear();
        var added = rows.shape[0];
        var mean = rows.mean([0L], keepdim: true);
        var centered = rows - mean;
        if (_root is not null)
        {
            var difference = mean - tensor(_mean).unsqueeze(0);
            var link = difference * Math.Sqrt((double)_merged * added / (_merged + added));
            centered = cat([HostTensor.Of(_root, _root.Length / width, width), centered, link]);
            mean = tensor(_mean).unsqueeze(0) + difference * ((double)added / (_merged + added));
        }

        _mean = Values(mean);
        _root = Values(linalg.qr(centered).R);
        _merged += added;
    }

    private static double[] Values(Tensor values) => MemoryMarshal.Cast<byte, double>(values.contiguous().bytes).ToArray();
}

using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A number for every pair of present classes, symmetric.</summary>
public sealed class PairGrid
{
    private readonly int[] _classes;
    private readonly double[] _values;

    internal PairGrid(int[] classes, Func<int, int, double> value)
    {
        _classes = classes;
        _values = new double[checked(classes.Length * classes.Length)];
        for (var a = 0; a < classes.Length; a++)
            for (var c = a + 1; c < classes.Length; c++)
                _values[a * classes.Length + c] = _values[c * classes.Length + a] = value(a, c);
    }

    /// <summary>Gets the classes that have samples, ascending.</summary>
    public IReadOnlyList<int> Classes => _classes;

    /// <summary>Gets the number of a pair.</summary>
    /// <param name="first">A class.</param>
    /// <param name="second">Another class.</param>
    /// <value>Null if one of them has no sample, or if both are the same class.</value>
    public double? this[int first, int second]
    {
        get
        {
            var (a, c) = (Array.BinarySearch(_classes, first), Array.BinarySearch(_classes, second));
            return a < 0 || c < 0 || a == c ? null : _values[a * _classes.Length + c];
        }
    }

    /// <summary>The grid as a matrix with one row and one column for each of <see cref="Classes"/>, and a zero diagonal.</summary>
    /// <returns>A new float64 tensor of the current dispose scope.</returns>
    public Tensor ToTensor() => HostTensor.Of(_values, _classes.Length, _classes.Length);
}

using System.Collections;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// The nearest-class-center error of each class, and the centers that its wrong samples are nearest to. It is a snapshot; two objects are
/// equal if their counts are equal.
/// </summary>
public sealed class ClassErrors : IReadOnlyList<double?>, IEquatable<ClassErrors>
{
    private readonly long[] _samples;
    private readonly long[] _wrong;
    private readonly CenterConfusion[] _confusions;

    internal ClassErrors(long[] samples, long[] wrong, IEnumerable<CenterConfusion> confusions)
    {
        (_samples, _wrong) = (samples, wrong);
        _confusions = [.. confusions.OrderBy(entry => entry.Label).ThenBy(entry => entry.Center)];
    }

    /// <summary>Gets one more than the highest class seen.</summary>
    public int Count => _samples.Length;

    /// <summary>Gets the error of a class.</summary>
    /// <param name="index">The class, in [0, <see cref="Count"/>).</param>
    /// <value>In [0, 1]; null for a class without samples.</value>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public double? this[int index] => Samples(index) is var samples && samples > 0 ? (double)_wrong[index] / samples : null;

    /// <summary>Gets the mean of the errors of the classes that have samples; null if no class has one.</summary>
    public double? Balanced => this.Any(error => error is not null) ? this.Average() : null;

    /// <summary>
    /// Gets the wrong decisions: how many samples of a class are nearest to the center of another one, ordered by class and center; -1 if
    /// no center was left.
    /// </summary>
    public IReadOnlyList<CenterConfusion> Confusions => _confusions;

    /// <summary>The number of samples of a class that were scored.</summary>
    /// <param name="classIndex">The class, in [0, <see cref="Count"/>).</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public long Samples(int classIndex) => Of(_samples, classIndex);

    /// <summary>The number of samples of a class that are nearer to another class's center.</summary>
    /// <param name="classIndex">The class, in [0, <see cref="Count"/>).</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public long Wrong(int classIndex) => Of(_wrong, classIndex);

    /// <summary>
    /// The confusion of centers as a matrix: in row y and column c, how many samples of class y are decided for the center of class c.
    /// </summary>
    /// <returns>
    /// A new int64 tensor, <see cref="Count"/> x <see cref="Count"/> (or as many columns as the highest center needs), of the current
    /// dispose scope.
    /// </returns>
    public Tensor ToTensor()
    {
        var columns = Math.Max(Count, _confusions.Select(entry => entry.Center + 1).DefaultIfEmpty().Max());
        var values = new long[checked(Count * columns)];
        for (var c = 0; c < Count; c++)
            values[c * columns + c] = _samples[c] - _wrong[c];
        foreach (var (label, center, count) in _confusions)
            if (center >= 0)
                values[label * columns + center] = count;
        return tensor(values, [Count, columns]);
    }

    /// <inheritdoc/>
    public IEnumerator<double?> GetEnumerator() => Enumerable.Range(0, Count).Select(index => this[index]).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(ClassErrors? other) =>
        other is not null && _samples.SequenceEqual(other._samples) && _wrong.SequenceEqual(other._wrong)
        && _confusions.SequenceEqual(other._confusions);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ClassErrors);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Count, _samples.Sum(), _wrong.Sum());

    private static long Of(long[] values, int index) => index >= 0 && index < values.Length
        ? values[index]
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"There is no such class: classes are 0 to {values.Length - 1}.");
}

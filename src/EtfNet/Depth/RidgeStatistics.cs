using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The normal equations of a ridge regression from features to one-hot labels, gathered batch by batch in float64.</summary>
internal sealed class RidgeStatistics : IDisposable
{
    private readonly Device _device;
    private readonly Tensor _gram;
    private readonly Tensor _shift;
    private Tensor _sums;
    private Tensor _counts;
    private bool _shifted;

    /// <param name="width">d, the number of features.</param>
    /// <param name="classes">K, the number of classes to begin with; it grows with the labels.</param>
    /// <param name="device">Where the sums are kept and the features come from.</param>
    public RidgeStatistics(int width, int classes, Device device)
    {
        (Width, _device) = (width, device);
        _gram = Zeros(width, width);
        _shift = Zeros(width);
        _sums = Zeros(classes, width);
        _counts = Zeros(classes);
    }

    /// <summary>The number of features.</summary>
    public int Width { get; }

    /// <summary>The number of samples.</summary>
    public long Total { get; private set; }

    /// <summary>Adds a batch.</summary>
    /// <param name="features">N x d, of a floating type, finite.</param>
    /// <param name="labels">N, int64, not negative.</param>
    /// <param name="classes">One more than the highest label.</param>
    public void Add(Tensor features, Tensor labels, int classes)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Grow(classes);
        var rows = features.detach().to(ScalarType.Float64);
        if (!_shifted)
        {
            // Any point near the features will do: it keeps a large common offset out of the squares.
            _shift.copy_(rows.mean([0]));
            _shifted = true;
        }

        rows = rows - _shift;
        AddGram(rows);
        var target = labels.to(ScalarType.Int64).to(_device);
        _sums.index_add_(0, target, rows, 1);
        _counts.index_add_(0, target, ones(rows.shape[0], dtype: ScalarType.Float64, device: _device), 1);
        Total += rows.shape[0];
    }

    /// <summary>
    /// The head that minimizes the mean squared distance of its outputs from the one-hot labels plus lambda times the squared norm of its
    /// weight, the bias free,
    /// lambda a share of the features' mean variance.
    /// </summary>
    /// <param name="penalty">The share: lambda is this share times tr(S) / d, S the covariance of the features. Above 0.</param>
    /// <returns>Weight (K x d) and bias (K) in float64, detached from all dispose scopes.</returns>
    public (Tensor Weight, Tensor Bias) Solve(double penalty)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var frequency = _counts / Total;
        var mean = _sums.sum(0L) / Total;
        var covariance = _gram / Total - outer(mean, mean);
        var cross = _sums / Total - outer(frequency, mean);
        var trace = covariance.diagonal().sum().item<double>();
        // Features that never vary leave nothing to regress on: the frequencies are the answer.
        var lambda = trace > 0 ? penalty * trace / Width : 1;
        var weight = linalg.solve(covariance + eye(Width, dtype: ScalarType.Float64, device: _device) * lambda, cross.t()).t();
        var bias = frequency - weight.mv(mean + _shift);
        return (weight.contiguous().DetachFromDisposeScope(), bias.DetachFromDisposeScope());
    }

    public void Dispose()
    {
        foreach (var tensor in new[] { _gram, _shift, _sums, _counts })
            tensor.Dispose();
    }

    /// <summary>The product of the rows with themselves, of whose two mirrored blocks one is computed.</summary>
    private void AddGram(Tensor rows)
    {
        var half = Width / 2;
        if (half < 64)
        {
            _gram.add_(rows.t().mm(rows));
            return;
        }

        var (left, right) = (rows.narrow(1, 0, half), rows.narrow(1, half, Width - half));
        Block(0, half, 0, half).add_(left.t().mm(left));
        Block(half, Width - half, half, Width - half).add_(right.t().mm(right));
        var mixed = left.t().mm(right);
        Block(0, half, half, Width - half).add_(mixed);
        Block(half, Width - half, 0, half).add_(mixed.t());

        Tensor Block(long row, long rowCount, long column, long columnCount) =>
            _gram.narrow(0, row, rowCount).narrow(1, column, columnCount);
    }

    private void Grow(int classes)
    {
        var missing = classes - (int)_counts.shape[0];
        if (missing <= 0)
            return;
        (var sums, var counts) = (_sums, _counts);
        _sums = cat([sums, zeros(missing, Width, dtype: ScalarType.Float64, device: _device)]).DetachFromDisposeScope();
        _counts = cat([counts, zeros(missing, dtype: ScalarType.Float64, device: _device)]).DetachFromDisposeScope();
        sums.Dispose();
        counts.Dispose();
    }

    private Tensor Zeros(params long[] shape) => zeros(shape, ScalarType.Float64, _device).DetachFromDisposeScope();
}

using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A row frame whose outputs come near those of a linear map, where the inputs have more dimensions than there are
/// outputs.</summary>
/// <remarks>
/// The polar factor weighs all directions alike. With room one does better: on the leading directions Q of the inputs, a matrix with
/// orthonormal rows can be any contraction A; directions E with little input energy complete its rows:
/// <c>U = A Q^T + (I - A A^T)^(1/2) E^T</c>. A is the map on Q, divided by a scale; singular values above 1 are cut. From there on
/// <c>|t - s U x|</c> falls by majorization, <c>U = polar(C W S / s + U (l I - S))</c> with S the second moment of the inputs and l its
/// greatest eigenvalue, with momentum. Everything happens in the complement of 1, so that the rows form a simplex ETF.
/// </remarks>
internal sealed class OutputFrame
{
    /// <summary>With less room per row than this, there is little to gain.</summary>
    private const double LeastRoom = 0.1;

    /// <summary>The share of the input energy beyond which leading directions are negligible.</summary>
    private const double Shown = 1 - 1e-6;

    /// <summary>Smaller relative gains end the search, so that rounding decides nothing.</summary>
    private const double Progress = 1e-9;

    /// <summary>Damps the map on directions with less than this share of the mean energy: it is not known well there.</summary>
    private const double Ridge = 1e-3;

    /// <summary>Up to this width, as many leading directions are used as there is room for; beyond it, at most
    /// <see cref="MostDirections"/>. As many random directions as there are rows complete the basis.</summary>
    private const long SmallWidth = 1024;

    /// <summary>To find as many among 4,608 takes several seconds of one core.</summary>
    private const long MostDirections = 128;

    /// <summary>Samples needed per leading direction.</summary>
    private const long SamplesPerDirection = 4;

    /// <summary>Samples needed per dimension of the basis for the search: with fewer it would fit what is chance.</summary>
    private const long SamplesPerDimension = 2;

    /// <summary>Scales that are tried, from the greatest singular value down, each by this factor of the one before.</summary>
    private const double Step = 0.7;

    private const int Scales = 10;
    private const int Iterations = 100;

    /// <summary>A map of less than this share of what it was before centering is rounding.</summary>
    private const double Tolerance = 1e-10;

    /// <summary>Multiplications that may be spent on all iterations: about a second of one core.</summary>
    private const double Work = 1e10;

    private readonly Tensor _goal;
    private readonly Tensor _moment;
    private readonly long _rank;
    private readonly int _iterations;

    private OutputFrame(Tensor goal, Tensor moment, long rank, int iterations) =>
        (_goal, _moment, _rank, _iterations) = (goal, moment, rank, iterations);

    /// <summary>Finds the frame.</summary>
    /// <param name="cross">t^T x / N, K x d; float64; with the weight's part of the floor.</param>
    /// <param name="floor">Energy that is added in every direction, so that the weight decides where the sample shows next to none.</param>
    /// <param name="x">The inputs, N x d, centered where there is a bias; float64.</param>
    /// <param name="shape">Of the frame.</param>
    /// <returns>K x d with points of norm 1, of the current scope; null for a column frame, for too little room, too few samples or too
    /// much work, and where no input or nothing of the map is left after centering.</returns>
    public static Tensor? Fit(Tensor cross, double floor, Tensor x, FrameShape shape)
    {
        var rows = shape.Rows - 1;
        var room = Math.Min(shape.Columns - rows, x.shape[0] / SamplesPerDirection);
        if (shape.IsColumnFrame || room < 1 + (LeastRoom * rows))
            return null;
        using var scope = NewDisposeScope();
        var leading = InputDirections.Leading(x, Shown, shape.Columns <= SmallWidth ? room : Math.Min(room, MostDirections));
        var width = leading.shape[1] + rows;
        var iterations = (int)Math.Min(Iterations, Work / (rows * width * (width + (6.0 * rows))));
        if (leading.shape[1] == 0 || iterations == 0)
            return null;
        // With positive diagonals the columns are what Gram and Schmidt give: no sign is left to rounding.
        var (q, r) = linalg.qr(cat([leading, InputDirections.Random(shape.Columns, rows, x.device)], 1));
        var basis = q * r.diagonal().sign();
        var seen = x.mm(basis);
        var goal = Complement.Project(cross.mm(basis));
        if (goal.norm().item<double>() <= Tolerance * cross.norm().item<double>())
            return null;
        var moment = (seen.t().mm(seen) / x.shape[0]) + (floor * eye(seen.shape[1], dtype: ScalarType.Float64, device: x.device));
        var search = new OutputFrame(goal, moment, leading.shape[1], x.shape[0] < SamplesPerDimension * width ? 0 : iterations);
        var best = search.Improve(search.Start());
        return Complement.Lift(best.mm(basis.t())).mul_(shape.Norm).MoveToOuterDisposeScope();
    }

    /// <summary>The better of the polar factor and the map on the leading directions, divided by some scales and completed to orthonormal
    /// rows.</summary>
    private Tensor Start()
    {
        using var scope = NewDisposeScope();
        var energies = _moment.diagonal().narrow(0, 0, _rank);
        var map = _goal.narrow(1, 0, _rank) / (energies + (energies.mean() * Ridge));
        var rows = map.shape[0];
        var (p, sigma, zt) = linalg.svd(map, fullMatrices: false);
        var best = Polar(_goal);
        var cosine = Cosine(best);
        var scale = sigma[0].item<double>();
        for (var i = 0; i < Scales; i++, scale *= Step)
        {
            using var step = NewDisposeScope();
            var kept = (sigma / scale).clamp(max: 1);
            // The square root of I - A A^T.
            var lacking = eye(rows, dtype: ScalarType.Float64, device: p.device) - (p * (1 - (1 - kept.square()).sqrt())).mm(p.t());
            var candidate = cat([(p * kept).mm(zt), lacking], 1);
            if (Cosine(candidate) is var reached && reached > cosine)
                (best, cosine) = (candidate.MoveToOuterDisposeScope(), reached);
        }

        return best.MoveToOuterDisposeScope();
    }

    private Tensor Improve(Tensor start)
    {
        var falling = (_moment[0, 0] * eye(_goal.shape[1], dtype: ScalarType.Float64, device: _moment.device)) - _moment;
        var (best, before, momentum, cosine) = (start, start, 0, Cosine(start));
        for (var i = 0; i < _iterations; i++)
        {
            using var scope = NewDisposeScope();
            var from = best + ((best - before) * (momentum / (momentum + 3.0)));
            var next = Polar((_goal / Scale(best)) + from.mm(falling));
            var reached = Cosine(next);
            var isBetter = reached > cosine * (1 + Progress);
            if (!isBetter && momentum == 0)
                break;
            // Momentum may overshoot: then it begins anew.
            (before, momentum) = (best, isBetter ? momentum + 1 : 0);
            if (isBetter)
                (best, cosine) = (next.MoveToOuterDisposeScope(), reached);
        }

        return best;
    }

    /// <summary>The least-squares scale.</summary>
    private double Scale(Tensor unit) => (unit * _goal).sum().item<double>() / (unit.mm(_moment) * unit).sum().item<double>();

    /// <summary>The cosine of the outputs and the targets, times the targets' norm.</summary>
    private double Cosine(Tensor unit) =>
        (unit * _goal).sum().item<double>() / Math.Sqrt((unit.mm(_moment) * unit).sum().item<double>());

    private static Tensor Polar(Tensor matrix)
    {
        var (a, _, b) = linalg.svd(matrix, fullMatrices: false);
        return a.mm(b);
    }
}

#!/usr/bin/env python3
"""Makes the golden cases of Measures/ from the formulas, with numpy alone: `python3 make_measures.py`.

Independent of the library: every measure is written from its definition, pair by pair where the definition is. Sums, means, differences and products are taken in
numpy's long double and rounded to float64 at the end; decompositions are LAPACK's in float64. A measure without a number is null.
"""
import base64
import json
import pathlib

import numpy as np

LONG = np.longdouble
EPS = np.finfo(np.float64).eps
HERE = pathlib.Path(__file__).resolve().parent / "Measures"


def norm(values):
    return np.sqrt(np.sum(values * values))


def number(value):
    return None if value is None or not np.isfinite(value) else float(value)


def pair_values(points, function):
    count = len(points)
    return np.array([function(points[a], points[c]) for a in range(count) for c in range(a + 1, count)], dtype=LONG)


def etf_distance(matrix):
    """|A/|A| - (I - 11^T/K)/sqrt(K-1)|."""
    count = len(matrix)
    ideal = (np.eye(count, dtype=LONG) - LONG(1) / count) / np.sqrt(LONG(count - 1))
    return norm(matrix / norm(matrix) - ideal)


def effective_rank(points):
    singular = np.linalg.svd(points.astype(np.float64), compute_uv=False)
    shares = singular / singular.sum()
    shares = shares[shares > 0]
    return np.exp(-np.sum(shares * np.log(shares)))


def frame(points, riesz=1.0):
    """The geometry of points: the rows of a matrix."""
    count = len(points)
    norms = np.array([norm(point) for point in points])
    unit = points / norms[:, None]
    cosines = pair_values(unit, lambda a, c: np.sum(a * c))
    distances = pair_values(unit, lambda a, c: norm(a - c))
    logs = np.log(1 / distances)
    powers = np.sign(riesz) * distances ** LONG(-riesz)
    return {
        "equinorm": norms.std() / norms.mean(),
        "equiangularity": np.mean(np.abs(cosines + LONG(1) / (count - 1))),
        "cosineDeviation": cosines.std(),
        "leastCosine": cosines.min(),
        "greatestCosine": cosines.max(),
        "gramDeviation": etf_distance(points @ points.T),
        "effectiveRank": effective_rank(points),
        "distance": distances.mean(),
        "distanceDeviation": distances.std(),
        "logEnergy": logs.mean(),
        "logEnergyDeviation": logs.std(),
        "rieszEnergy": powers.mean(),
        "rieszEnergyDeviation": powers.std(),
    }


def measure(features, labels, classes, weight, bias):
    """All measures of a case."""
    features, weight, bias = features.astype(LONG), weight.astype(LONG), bias.astype(LONG)
    present = [c for c in range(classes) if np.any(labels == c)]
    count, samples, width = len(present), len(features), features.shape[1]
    own = {c: features[labels == c] for c in present}
    means = np.array([own[c].mean(axis=0) for c in present])
    center = means.mean(axis=0)
    centered = means - center
    within = features - means[[present.index(c) for c in labels]]
    variances = [np.sum((own[c] - means[i]) ** 2) / len(own[c]) for i, c in enumerate(present)]
    everything = np.sum((features - features.mean(axis=0)) ** 2)

    result = {"withinShare": np.sum(within ** 2) / everything if everything > 0 else None}
    dead = norm(centered) == 0
    names = list(frame(np.eye(3, dtype=LONG)))
    result.update({name: None for name in names} if dead else frame(centered))
    result.update({"classifier" + name[0].upper() + name[1:]: value for name, value in frame(weight).items()})

    between = (centered.T @ centered / count).astype(np.float64)
    values, vectors = np.linalg.eigh(between)
    kept = values > values.max() * width * EPS
    result["nc1"] = result["nc1Rank"] = result["traceQuotient"] = result["cdnv"] = result["cdnvSquared"] = None
    if not dead:
        projected = within @ vectors[:, kept].astype(LONG)
        result["nc1"] = np.sum(projected ** 2 / values[kept]) / samples / count
        result["nc1Rank"] = int(kept.sum())
        result["traceQuotient"] = np.sum(within ** 2) / samples / (np.sum(centered ** 2) / count)
        for name, exponent in (("cdnv", 1), ("cdnvSquared", 2)):
            result[name] = np.mean([
                (variances[a] + variances[c]) / (2 * np.sum((means[a] - means[c]) ** 2) ** exponent)
                for a in range(count) for c in range(a + 1, count)])

    rows = weight[present]
    result["globalMeanLogit"] = norm(weight @ center + bias)
    duality = ("selfDuality", "rowCosine", "rowCosineDeviation", "rowDistance", "rowProductDeviation", "structureError")
    result.update({name: None for name in duality})
    if not dead:
        products = np.array([np.sum(w * m) for w, m in zip(rows, centered)])
        cosines = products / np.array([norm(w) * norm(m) for w, m in zip(rows, centered)])
        result["selfDuality"] = norm(rows / norm(rows) - centered / norm(centered))
        result["rowCosine"], result["rowCosineDeviation"] = cosines.mean(), cosines.std()
        result["rowDistance"] = np.mean([norm(w / norm(w) - m / norm(m)) for w, m in zip(rows, centered)])
        result["rowProductDeviation"] = products.std()
        result["structureError"] = etf_distance(rows @ centered.T)

    result.update(decisions(features, labels, classes, present, own, means, weight, bias))
    return {name: value if isinstance(value, (int, list)) else number(value) for name, value in result.items()}


def decisions(features, labels, classes, present, own, means, weight, bias):
    """Nearest centers, with the sample really left out of its own; nearest centers, nothing left out; and the classifier's choice."""
    wrong, plain, confusion = [0] * classes, 0, {}
    differing = 0
    for sample, label in zip(features, labels):
        squares = np.sum((sample - means) ** 2, axis=1)
        index = present.index(label)
        nearest = present[int(np.argmin(squares))]
        plain += nearest != label
        differing += nearest != int(np.argmax(weight @ sample + bias))
        others = own[label]
        if len(others) > 1:
            squares[index] = np.sum((sample - (others.sum(axis=0) - sample) / (len(others) - 1)) ** 2)
        else:
            squares[index] = np.inf
        decided = present[int(np.argmin(squares))]
        if decided != label:
            wrong[label] += 1
            confusion[(int(label), decided)] = confusion.get((int(label), decided), 0) + 1
    counts = [int(np.sum(labels == c)) for c in range(classes)]
    return {
        "counts": counts,
        "nccError": sum(wrong) / len(labels),
        "plainNccError": plain / len(labels),
        "classErrors": [wrong[c] / counts[c] if counts[c] else None for c in range(classes)],
        "confusions": [[label, center, times] for (label, center), times in sorted(confusion.items())],
        "nc4Mismatch": differing / len(labels),
    }


def encode(values):
    values = np.ascontiguousarray(values)
    return {"dtype": str(values.dtype), "shape": list(values.shape), "base64": base64.b64encode(values.tobytes()).decode()}


def write(name, expected, **tensors):
    body = {"name": name, **{key: encode(value) for key, value in tensors.items()}, "expected": expected}
    (HERE / f"{name}.json").write_text(json.dumps(body, allow_nan=False) + "\n")
    print(name)


def simplex(random, classes, width):
    """A simplex ETF of norm 1 in a random subspace."""
    basis = np.linalg.qr(random.normal(size=(width, classes)))[0].T
    return (np.eye(classes) - 1 / classes) @ basis * np.sqrt(classes / (classes - 1))


def case(name, seed, classes=6, width=16, counts=20, spread=0.5, means=None, offset=0.0, weight=None, single=True, change=lambda x: x, classifier_seed=None):
    random = np.random.default_rng(seed)
    counts = [counts] * classes if np.isscalar(counts) else counts
    means = random.normal(size=(classes, width)) if means is None else means(random)
    labels = np.repeat(np.arange(classes), counts)
    random.shuffle(labels)
    features = change(means[labels] + spread * random.normal(size=(len(labels), width)) + offset)
    features = features.astype(np.float32 if single else np.float64)
    weight = random.normal(size=(classes, width)) if weight is None else weight(random, means)
    bias = random.normal(size=classes)
    weight, bias = weight.astype(np.float32), bias.astype(np.float32)
    write(name, measure(features, labels, classes, weight, bias), features=features, labels=labels.astype(np.int64), weight=weight, bias=bias)


def close_means(random):
    means = random.normal(size=(6, 16))
    means[4] = means[1]
    means[4, 3] += 1e-7
    return means


def regression(name, seed, samples=120, width=12, targets=3, noise=0.3, mixing=None):
    """Regression collapse: features that follow the targets up to noise, and a weight near what reads them."""
    random = np.random.default_rng(seed)
    mixing = np.eye(targets) if mixing is None else mixing
    y = random.normal(size=(samples, targets)) @ mixing
    covariance = np.cov(y.T, bias=True).reshape(targets, targets)
    values, vectors = np.linalg.eigh(covariance)
    inverse_root = vectors @ np.diag(values ** -0.5) @ vectors.T
    directions = np.linalg.qr(random.normal(size=(width, targets)))[0].T
    features = (y - y.mean(axis=0)) @ inverse_root @ directions + noise * random.normal(size=(samples, width))
    weight = vectors @ np.diag(values ** 0.5) @ vectors.T @ directions + noise * random.normal(size=(targets, width)) / 3
    write(name, regression_measures(features, y, weight), features=features, targets=y, weight=weight)


def regression_measures(features, targets, weight):
    count = targets.shape[1]
    h = features.astype(LONG)
    centered = h - h.mean(axis=0)
    axes = np.linalg.svd(centered.astype(np.float64), full_matrices=False)[2][:count].astype(LONG)
    rows = np.linalg.svd(weight, full_matrices=False)[2].astype(LONG)

    def outside(vectors, basis):
        unit = vectors / np.sqrt(np.sum(vectors ** 2, axis=1))[:, None]
        return float(np.mean(np.sum((unit - unit @ basis.T @ basis) ** 2, axis=1)))

    result = {"nrc1": outside(h, axes), "nrc2": outside(h, rows), "nrc1Centered": outside(centered, axes), "nrc2Centered": outside(centered, rows)}
    y = targets.astype(LONG) - targets.astype(LONG).mean(axis=0)
    values, vectors = np.linalg.eigh((y.T @ y / len(y)).astype(np.float64))
    root = vectors @ np.diag(np.sqrt(np.maximum(values, 0))) @ vectors.T
    gram = weight.astype(np.float64) @ weight.T.astype(np.float64)
    gram /= np.linalg.norm(gram)

    def distance(gamma):
        target = root - np.sqrt(gamma) * np.eye(count)
        size = np.linalg.norm(target)
        return np.inf if size == 0 else np.linalg.norm(gram - target / size) ** 2

    # The best gamma by a grid, then by golden section around its best point: no formula for it is used.
    result["nrc3"] = result["gamma"] = None
    if count > 1:
        grid = np.linspace(0, max(values.min(), 0), 20001)
        best = int(np.argmin([distance(gamma) for gamma in grid]))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        golden = (np.sqrt(5) - 1) / 2
        for _ in range(200):
            a, c = high - golden * (high - low), low + golden * (high - low)
            low, high = (low, c) if distance(a) < distance(c) else (a, high)
        gamma = min((low, high, grid[0], grid[-1]), key=distance)
        result["nrc3"], result["gamma"] = float(distance(gamma)), float(gamma)
    return result


def out_of_distribution(name, seed, classes=5, width=14):
    random = np.random.default_rng(seed)
    means = 3 * random.normal(size=(classes, width))
    labels = np.repeat(np.arange(classes), 30)
    train = means[labels] + 0.4 * random.normal(size=(len(labels), width)) + 0.7
    train[:, 5] = 2.5
    other = random.normal(size=(25, width)) + 0.3
    queries = np.vstack([train[::7], other])
    logits = random.normal(size=(len(queries), classes)) + 2
    expected = {}
    long_means = np.array([train[labels == c].astype(LONG).mean(axis=0) for c in range(classes)])
    outer = other.astype(LONG).mean(axis=0)
    expected["orthogonality"] = float(np.mean([abs(np.sum(m * outer)) / (norm(m) * norm(outer)) for m in long_means]))
    for standardize in (False, True):
        mean, deviation = train.mean(axis=0), train.std(axis=0)
        deviation[deviation == 0] = 1
        scale = (lambda x: (x - mean) / deviation) if standardize else (lambda x: x)
        fitted = scale(train)
        axes = np.linalg.svd(fitted - fitted.mean(axis=0), full_matrices=False)[2][:classes]
        vectors = scale(queries)
        scores = np.linalg.norm(vectors @ axes.T, axis=1) / np.linalg.norm(vectors, axis=1)
        expected["necoStandardized" if standardize else "neco"] = scores.tolist()
        expected["necoLogitsStandardized" if standardize else "necoLogits"] = (scores * logits.max(axis=1)).tolist()
    write(name, expected, features=train, labels=labels.astype(np.int64), other=other, queries=queries, logits=logits)


def main():
    HERE.mkdir(exist_ok=True)
    case("balanced", 1)
    case("imbalanced", 2, counts=[100, 60, 30, 15, 5, 2])
    case("more-classes-than-features", 3, classes=24, width=6, counts=8)
    case("classes-100", 4, classes=100, width=32, counts=6)
    case("classes-1000", 5, classes=1000, width=8, counts=2, spread=0.1)
    case("offset-1e3", 6, offset=1e3, single=False)
    case("offset-1e6", 7, offset=1e6, single=False)
    case("near-dual", 8, spread=0.05, means=lambda random: simplex(random, 6, 16), weight=lambda random, means: 3 * means + 1e-3 * random.normal(size=means.shape))
    case("absent-classes", 9, classes=9, counts=[20, 0, 15, 0, 0, 30, 8, 12, 0])
    case("collapsed", 10, spread=1e-7, means=lambda random: 4 * simplex(random, 6, 16), single=False)
    case("two-close-means", 11, means=close_means, spread=1e-7, single=False)
    case("relu", 12, spread=1.0, change=lambda x: np.maximum(x, 0))
    case("dead-layer", 13, change=lambda x: np.full_like(x, 0.1))
    case("singletons", 14, counts=[1, 20, 1, 1, 12, 2])
    regression("regression", 21)
    regression("regression-collapsed", 22, noise=1e-5, mixing=np.diag([3.0, 1.0, 0.4]) + 0.2)
    regression("regression-one-target", 23, targets=1)
    out_of_distribution("out-of-distribution", 31)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Times the work of EtfNet's kernels and layers in PyTorch, each written from its definition.

    python3 peers.py [--threads 2] [--device cpu] [--seconds 1] [--quick] [--json FILE]

Works have the names of the benchmarks that do the same, and report/report.py puts them beside these.

Medians of alternated samples of at least 8 ms, after a warm-up; on a CUDA device synchronized around each sample.
"""
import argparse
import json
import math
import os
import platform
import sys
import time

SAMPLE_SECONDS = 0.008
MOST_REPEATS = 200
LEAST_ROUNDS, MOST_ROUNDS = 3, 41


def one_library_thread_count(threads):
    """Before torch is imported: the linear-algebra library behind it has threads of its own."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)


class Works:
    """Builds what is timed: every method gives a function without arguments."""

    def __init__(self, torch, device):
        self.torch, self.device = torch, device

    def batch(self, samples, width, classes):
        torch = self.torch
        generator = torch.Generator().manual_seed(7)
        labels = (torch.arange(samples) % classes)[torch.randperm(samples, generator=generator)]
        centers = torch.randn(classes, width, generator=generator)
        features = centers[labels] + 0.7 * torch.randn(samples, width, generator=generator) + 1
        return features.to(self.device), labels.to(self.device), centers.to(self.device) + 1

    def scoring_cdist(self, samples, width, classes):
        features, _, means = self.batch(samples, width, classes)
        return lambda: self.torch.cdist(features, means).argmin(1)

    def scoring_product(self, samples, width, classes):
        """The nearest center has the least |m|^2 - 2 h.m, as |h|^2 is the same for all of them."""
        features, _, means = self.batch(samples, width, classes)
        squares, transposed = means.square().sum(1), means.t()
        return lambda: self.torch.addmm(squares, features, transposed, alpha=-2).argmin(1)

    def sums_index_add(self, samples, width, classes):
        torch = self.torch
        features, labels, _ = self.batch(samples, width, classes)
        return lambda: torch.zeros(classes, width, device=self.device).index_add_(0, labels, features)

    def sums_one_hot(self, samples, width, classes):
        torch = self.torch
        features, labels, _ = self.batch(samples, width, classes)
        return lambda: torch.nn.functional.one_hot(labels, classes).to(features.dtype).t() @ features

    def scatter_two_passes(self, samples, width, classes):
        """Means, then the sum of |h - m_c|^2 of each class."""
        torch = self.torch
        features, labels, _ = self.batch(samples, width, classes)

        def run():
            counts = torch.bincount(labels, minlength=classes).clamp_min(1)
            means = torch.zeros(classes, width, device=self.device).index_add_(0, labels, features) / counts.unsqueeze(1)
            squares = (features - means[labels]).square_().sum(1)
            return torch.zeros(classes, device=self.device).index_add_(0, labels, squares)

        return run

    def nc1_two_covariances(self, samples, width, classes):
        """tr(Sw pinv(Sb)) / K with both matrices formed, in float64."""
        torch = self.torch
        features, labels, _ = self.batch(samples, width, classes)

        def run():
            h = features.double()
            counts = torch.bincount(labels, minlength=classes).clamp_min(1).unsqueeze(1)
            means = torch.zeros(classes, width, dtype=h.dtype, device=self.device).index_add_(0, labels, h) / counts
            deviations = h - means[labels]
            within = deviations.t() @ deviations / samples
            centered = means - means.mean(0, keepdim=True)
            between = centered.t() @ centered / classes
            return float((within @ torch.linalg.pinv(between, hermitian=True)).trace() / classes)

        return run

    def passes(self, layer, batch, width, backward):
        torch = self.torch
        generator = torch.Generator().manual_seed(2)
        x = torch.randn(batch, width, generator=generator).to(self.device).requires_grad_(backward)
        gradient = torch.randn(batch, width, generator=generator).to(self.device)

        def forward():
            with torch.no_grad():
                return layer(x)

        def both():
            layer(x).backward(gradient)
            x.grad = None

        return both if backward else forward

    def forward(self, kind, width, batch):
        return self.passes(self.layer(kind, width), batch, width, backward=False)

    def forward_backward(self, kind, width, batch):
        return self.passes(self.layer(kind, width), batch, width, backward=True)

    def layer(self, kind, width):
        if kind == "FrozenDense":
            return self.torch.nn.Linear(width, width, bias=False, device=self.device).requires_grad_(False)
        # The square simplex ETF without a rotation: sqrt(K / (K - 1)) (x - mean x).
        factor = math.sqrt(width / (width - 1))
        return lambda x: factor * (x - x.mean(1, keepdim=True))

    def make(self, work, shape):
        return {
            "NccScoring.CdistArgmin": self.scoring_cdist,
            "NccScoring.ProductArgmin": self.scoring_product,
            "ClassSums.IndexAdd": self.sums_index_add,
            "ClassSums.OneHotProduct": self.sums_one_hot,
            "ClassScatter.TwoPasses": self.scatter_two_passes,
            "WithinClassVariability.TwoCovariances": self.nc1_two_covariances,
            "LayerPasses.Forward": self.forward,
            "LayerPasses.ForwardBackward": self.forward_backward,
        }[work](*shape)


class Timer:
    """A piece of work, warmed up, and how often it fits a sample."""

    def __init__(self, torch, device, run):
        self.run = run
        self.wait = torch.cuda.synchronize if device == "cuda" else (lambda: None)
        self.repeats = 1
        self.sample()
        self.sample()
        once = self.sample() / 1e3
        self.repeats = min(MOST_REPEATS, max(1, math.ceil(SAMPLE_SECONDS / max(once, 1e-7))))

    def sample(self):
        """Milliseconds of one run."""
        self.wait()
        start = time.perf_counter()
        for _ in range(self.repeats):
            self.run()
        self.wait()
        return (time.perf_counter() - start) * 1e3 / self.repeats


def linear_algebra_library():
    """Which library the matrix products come from: it decides more than PyTorch does."""
    names = set()
    if os.path.exists("/proc/self/maps"):
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
            for line in maps:
                name = line.split("/")[-1].strip()
                if "/" in line and any(part in name.lower() for part in ("blas", "mkl", "blis")):
                    names.add(name)
    return ", ".join(sorted(names)) or "within libtorch"


def describe(torch, arguments):
    device = torch.cuda.get_device_name() if arguments.device == "cuda" else "cpu"
    return (f"{torch.__version__}, Python {platform.python_version()}, {torch.get_num_threads()} threads, {device}, "
            f"linear algebra: {linear_algebra_library()}")


def groups(quick):
    """Shapes, each with the works that alternate on it; beyond these some linear-algebra libraries take many seconds a sample."""
    linear = ("ClassSums.IndexAdd", "ClassScatter.TwoPasses")
    kernels = ("NccScoring.CdistArgmin", "NccScoring.ProductArgmin", "ClassSums.OneHotProduct", *linear)
    nc1 = ("WithinClassVariability.TwoCovariances",)
    layers = ("LayerPasses.Forward", "LayerPasses.ForwardBackward")
    if quick:
        yield from (((128, 64, 10), kernels + nc1), (("FrozenDense", 64, 8), layers), (("Identity", 64, 8), layers))
        return
    for shape in ((60000, 1024, 10), (128, 1024, 10), (4096, 512, 10), (4096, 512, 100)):
        yield shape, kernels
    for shape in ((4096, 512, 1000), (4096, 512, 10000)):
        yield shape, linear
    for shape in ((4096, 512, 10), (4096, 512, 100), (4096, 512, 1000), (50000, 512, 1000)):
        yield shape, nc1
    for shape in (("FrozenDense", 1024, 128), ("Identity", 1024, 128), ("Identity", 4096, 128)):
        yield shape, layers


def shape_name(shape):
    """As the benchmarks' own shapes are written."""
    if isinstance(shape[0], str):
        return f"{shape[0]} {shape[1]}, batch {shape[2]}"
    return f"{shape[0]}x{shape[1]} of {shape[2]}"


def run_all(torch, arguments, works):
    results = []
    for shape, names in groups(arguments.quick):
        timers = [Timer(torch, arguments.device, works.make(name, shape)) for name in names]
        samples = [[] for _ in timers]
        end = time.perf_counter() + arguments.seconds
        rounds = 0
        while rounds < LEAST_ROUNDS or (rounds < MOST_ROUNDS and time.perf_counter() < end):
            for timer, values in zip(timers, samples):
                values.append(timer.sample())
            rounds += 1
        for name, values in zip(names, samples):
            values.sort()
            median = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
            subject, method = name.split(".")
            results.append({"subject": subject, "shape": shape_name(shape), "method": method, "medianMs": median})
            print(f"{name:40}{shape_name(shape):32}{median:12.4f} ms", flush=True)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"machine": describe(torch, arguments), "results": results}, file, indent=2)


def fail(message):
    print(f"peers.py: {message}", file=sys.stderr)
    sys.exit(2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--seconds", type=float, default=1, help="time for each group of alternated works")
    parser.add_argument("--quick", action="store_true", help="tiny shapes: whether it runs, not how fast")
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    one_library_thread_count(arguments.threads)
    try:
        import torch
    except ImportError:
        fail("this python3 has no torch.")
    if arguments.device == "cuda" and not torch.cuda.is_available():
        fail("--device cuda: this PyTorch finds no CUDA device.")
    torch.set_num_threads(arguments.threads)
    run_all(torch, arguments, Works(torch, arguments.device))


if __name__ == "__main__":
    main()

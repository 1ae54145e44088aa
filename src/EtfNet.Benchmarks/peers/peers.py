#!/usr/bin/env python3
"""Times the work of EtfNet's kernels and layers in PyTorch, each written from its definition.

    python3 peers.py [--threads 2] [--device cpu] [--seconds 1] [--quick] [--json FILE]
    python3 peers.py --serve            answers the benchmark program, one JSON object a line

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

    def dense(self, batch, width, backward):
        layer = self.torch.nn.Linear(width, width, bias=False, device=self.device).requires_grad_(False)
        return self.passes(layer, batch, width, backward)

    def identity(self, batch, width, backward):
        """The square simplex ETF without a rotation: sqrt(K / (K - 1)) (x - mean x)."""
        factor = math.sqrt(width / (width - 1))
        return self.passes(lambda x: factor * (x - x.mean(1, keepdim=True)), batch, width, backward)

    def make(self, request):
        kernel = {key: request[key] for key in ("samples", "width", "classes") if key in request}
        layer = {key: request[key] for key in ("batch", "width") if key in request}
        return {
            "scoring.cdist": lambda: self.scoring_cdist(**kernel),
            "scoring.product": lambda: self.scoring_product(**kernel),
            "sums.index_add_": lambda: self.sums_index_add(**kernel),
            "sums.one_hot": lambda: self.sums_one_hot(**kernel),
            "scatter.two_passes": lambda: self.scatter_two_passes(**kernel),
            "nc1.two_covariances": lambda: self.nc1_two_covariances(**kernel),
            "dense.forward": lambda: self.dense(**layer, backward=False),
            "dense.forward_backward": lambda: self.dense(**layer, backward=True),
            "identity.forward": lambda: self.identity(**layer, backward=False),
            "identity.forward_backward": lambda: self.identity(**layer, backward=True),
        }[request["work"]]()


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
    return {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if arguments.device == "cuda" else "cpu",
        "algebra": linear_algebra_library(),
    }


def serve(torch, arguments, works):
    """Requests: {"work": ...} makes a timer, {"sample": number} runs it, {"release": true} forgets all."""
    timers = []
    # Loads what products need, so that it can be told.
    torch.ones(8, 8) @ torch.ones(8, 8)
    print(json.dumps(describe(torch, arguments)), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if "work" in request:
            timers.append(Timer(torch, arguments.device, works.make(request)))
            answer = {"timer": len(timers) - 1}
        elif "sample" in request:
            answer = {"ms": timers[request["sample"]].sample()}
        else:
            timers.clear()
            answer = {}
        print(json.dumps(answer), flush=True)


def default_requests(quick):
    shapes = [(128, 64, 10)] if quick else [(60000, 1024, 10), (4096, 512, 100), (4096, 512, 1000)]
    layers = [(8, 64)] if quick else [(128, 1024), (128, 4096)]
    kernels = ("scoring.cdist", "scoring.product", "sums.index_add_", "sums.one_hot", "scatter.two_passes")
    passes = ("dense.forward", "dense.forward_backward", "identity.forward", "identity.forward_backward")
    for samples, width, classes in shapes:
        yield [{"work": work, "samples": samples, "width": width, "classes": classes} for work in kernels]
    samples, width, classes = shapes[-1] if quick else (4096, 512, 100)
    yield [{"work": "nc1.two_covariances", "samples": samples, "width": width, "classes": classes}]
    for batch, width in layers:
        yield [{"work": work, "batch": batch, "width": width} for work in passes]


def shape_name(request):
    if "batch" in request:
        return f"{request['width']}, batch {request['batch']}"
    return f"{request['samples']}x{request['width']} of {request['classes']}"


def run_all(torch, arguments, works):
    results = []
    for group in default_requests(arguments.quick):
        timers = [Timer(torch, arguments.device, works.make(request)) for request in group]
        samples = [[] for _ in timers]
        end = time.perf_counter() + arguments.seconds
        rounds = 0
        while rounds < LEAST_ROUNDS or (rounds < MOST_ROUNDS and time.perf_counter() < end):
            for timer, values in zip(timers, samples):
                values.append(timer.sample())
            rounds += 1
        for request, values in zip(group, samples):
            values.sort()
            median = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
            subject, method = request["work"].split(".")
            results.append({"subject": subject, "shape": shape_name(request), "method": method, "medianMs": median})
            print(f"{subject:10}{shape_name(request):20}{method:20}{median:12.4f} ms", flush=True)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"machine": ", ".join(f"{key} {value}" for key, value in describe(torch, arguments).items()), "results": results}, file, indent=2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--seconds", type=float, default=1, help="time for each group of alternated works")
    parser.add_argument("--quick", action="store_true", help="tiny shapes: whether it runs, not how fast")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--serve", action="store_true")
    arguments = parser.parse_args()
    one_library_thread_count(arguments.threads)
    try:
        import torch
    except ImportError:
        sys.exit("This python3 has no torch.")
    if arguments.device == "cuda" and not torch.cuda.is_available():
        sys.exit("--device cuda: this PyTorch finds no CUDA device.")
    torch.set_num_threads(arguments.threads)
    works = Works(torch, arguments.device)
    (serve if arguments.serve else run_all)(torch, arguments, works)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes a page of what the benchmarks measured: tables, distances from the machine's limits, growth with fitted exponents, pictures.

    python3 report.py NAME [--ratios ratios.json] [--benchmarks FOLDER] [--peers peers.json] [--out FOLDER]

The files come from `ratios --json`, from BenchmarkDotNet (FOLDER is its BenchmarkDotNet.Artifacts/results) and from `peers.py --json`;
any of them may be missing. NAME.md and its pictures go to --out. Needs Python's standard library only.
"""
import argparse
import collections
import json
import math
import pathlib
import re
import sys

NONE = "-"
GROWING = ("Construction", "Kernels", "Layers")
LEAST_PLACES = 4
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


# Numbers: three digits and a unit.

def digits(value):
    size = abs(value)
    if size < 1e-9:
        return "0"
    decimals = 0 if size >= 99.95 else 1 if size >= 9.995 else 2 if size >= 0.9995 else 2 - math.floor(math.log10(size))
    return f"{value:.{decimals}f}"


def milliseconds(value):
    if value < 1:
        return f"{digits(value * 1e3)} us"
    return f"{digits(value)} ms" if value < 1e3 else f"{digits(value / 1e3)} s"


def scaled(value, base, units):
    """The greatest unit that leaves at least 1."""
    if not value or math.isnan(value):
        return NONE
    power = min(int(math.log(value, base)), len(units) - 1) if value >= 1 else 0
    return f"{digits(value / base ** power)} {units[power]}".strip()


def byte_count(value):
    return scaled(value, 1024, ("B", "KiB", "MiB", "GiB"))


def operations(value):
    return scaled(value, 1000, ("", "K", "M", "G"))


def share(value):
    return NONE if value is None else f"{value:.2f}"


def table(head, rows):
    """A Markdown table; columns of numbers stand at the right. Empty without rows."""
    if not rows:
        return ""
    columns = list(zip(head, *rows))
    is_text = [index == 0 or not all(cell in ("", NONE) or cell[0] in "0123456789+-" for cell in column[1:])
               for index, column in enumerate(columns)]
    widths = [max(3, *(len(cell) for cell in column)) for column in columns]
    rule = ["-" * width if text else "-" * (width - 1) + ":" for width, text in zip(widths, is_text)]
    lines = [[cell.ljust(width) if text else cell.rjust(width) for cell, width, text in zip(row, widths, is_text)]
             for row in (head, *rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in (lines[0], rule, *lines[1:]))


# What was measured.

Work = collections.namedtuple("Work", "section subject shape method ms metrics baseline")


def read_benchmarks(folder):
    """Every benchmark of BenchmarkDotNet's full JSON files, and the machine as it describes it."""
    works, machine = [], {}
    for file in sorted(pathlib.Path(folder).glob("*-report-full.json")):
        data = json.loads(file.read_text(encoding="utf-8-sig"))
        host = data["HostEnvironmentInfo"]
        machine = {
            "system": f"{host['OsVersion']}, {host['RuntimeVersion']}",
            "processor": f"{host['ProcessorName']}, {host['LogicalCoreCount']} hardware threads, {host['Architecture']}",
            "BenchmarkDotNet": host["BenchmarkDotNetVersion"],
        }
        for one in data["Benchmarks"]:
            if one.get("Statistics"):
                metrics = {metric["Descriptor"]["Id"]: metric["Value"] for metric in one.get("Metrics", [])}
                shape = re.sub(r"\b(Shape|Width)=", "", one["Parameters"]).replace("&", ", ")
                works.append(Work(one["Namespace"].split(".")[-1], one["Type"], shape, one["Method"], one["Statistics"]["Median"] / 1e6,
                                  metrics, None))
    first = {}
    for work in works:
        first.setdefault((work.subject, work.shape), work.ms)
    return [work._replace(baseline=first[work.subject, work.shape]) for work in works], machine


class Limits:
    """What the machine reached: copies of several sizes, and matrix products."""

    def __init__(self, works):
        self.copies = sorted((work.metrics["Must move"], work.metrics["Must move"] / work.ms * 1e3)
                             for work in works if work.subject == "PlainCopy")
        self.products = {bool(work.metrics.get("In float64")): work.metrics["Operations"] / work.ms * 1e3
                         for work in works if work.subject == "MatrixProduct"}

    def copy_at(self, size):
        """Bytes a second: between two sizes by the logarithm of the bytes; beyond the ends as at the ends."""
        below = max((copy for copy in self.copies if copy[0] <= size), default=self.copies[0])
        above = min((copy for copy in self.copies if copy[0] > size), default=self.copies[-1])
        if below[0] >= above[0] or size <= below[0]:
            return below[1]
        part = math.log(size / below[0]) / math.log(above[0] / below[0])
        return below[1] + part * (above[1] - below[1])

    def of_copy(self, work):
        size = work.metrics.get("Must move")
        return size / self.copy_at(size) / (work.ms / 1e3) if size and self.copies else None

    def of_product(self, work):
        rate = self.products.get(bool(work.metrics.get("In float64")))
        count = work.metrics.get("Operations")
        return count / rate / (work.ms / 1e3) if count and rate else None

    def table(self):
        return table(("limit", "size", "reached"), [
            *(("copy, read and written", byte_count(size), f"{digits(rate / 1e9)} GB/s") for size, rate in self.copies),
            *((f"matrix product, float{64 if double else 32}", "", f"{digits(rate / 1e9)} Gflop/s")
              for double, rate in sorted(self.products.items()))])


def linear_algebra(machine):
    """What a peer multiplies matrices with, as its rows name it."""
    found = re.search("cublas|openblas|mkl|blis", machine)
    return found.group() if found else "reference BLAS" if "libblas" in machine else "its own"


def work_table(works, limits, peers, peer_name):
    rows = []
    for work in works:
        metric = work.metrics.get
        rows.append((work.subject, work.shape, work.method, milliseconds(work.ms), f"{digits(work.ms / work.baseline)}x",
                     byte_count(metric("Must move")), operations(metric("Operations")), share(limits.of_copy(work)),
                     share(limits.of_product(work)), byte_count(metric("Live tensors")), byte_count(metric("Peak resident"))))
        for peer in peers:
            if (peer["subject"], peer["shape"], peer["method"]) == (work.subject, work.shape, work.method):
                median = peer["medianMs"]
                rows.append((work.subject, work.shape, f"{peer_name}: {work.method}", milliseconds(median),
                             f"{digits(median / work.baseline)}x", *[NONE] * 6))
    return table(("subject", "shape", "work", "median", "of first", "must move", "operations", "of copy", "of GEMM", "live tensors",
                  "peak resident"), rows)


def ratio_table(ratios):
    rows = []
    for one in ratios:
        value = byte_count if one.get("unit") == "B" else milliseconds
        low, high = one.get("interval") or (None, None)
        rows.append((one["name"], str(one["batch"] or ""), str(one["width"]), str(one.get("rank") or ""), one["reference"],
                     value(one["medianMs"]), value(one["referenceMs"]),
                     digits(one["ratio"]) if one["ratio"] < 1e-3 else f"{one['ratio']:.4f}",
                     "" if low is None else f"{low:.4f} to {high:.4f}"))
    return table(("name", "batch", "width", "rank", "reference", "median", "reference's", "ratio", "95%"), rows)


def excerpt(ratios, works):
    """The five lines that say the most: a report begins with them, and the README takes them over as they are."""
    rows = []

    def line(text, ours, other, reference, factor=None):
        times = f"{digits(other / ours)}x faster" if other >= ours else f"{digits(ours / other)}x slower"
        rows.append((text, milliseconds(ours), f"{milliseconds(other)} ({reference})", factor or times))

    def ratio(name, **wanted):
        return [one for one in ratios if one["name"] == name and all(one[key] == value for key, value in wanted.items())][:1]

    for name, text in (("identity", "identity layer"), ("aligned", "aligned layer of rank 20")):
        for one in ratio(name, width=4096, reference="frozenDense"):
            line(f"{text}, forward and backward, width {one['width']}, batch {one['batch']}", one["medianMs"], one["referenceMs"],
                 "frozen dense layer")
    for one in ratio("trainingStepFixed"):
        line("training step, eight of ten hidden layers fixed", one["medianMs"], one["referenceMs"], "none fixed")
    scoring = {work.method: work.ms for work in works if (work.subject, work.shape) == ("NccScoring", "60000x1024 of 10")}
    if {"Library", "CdistArgmin"} <= scoring.keys():
        line("NCC scores of 60,000 samples, width 1024, 10 classes", scoring["Library"], scoring["CdistArgmin"], "cdist and argmin")
    for one in ratio("nccOverhead"):
        line("watching a training step, ten layers", one["medianMs"], one["referenceMs"], "not watched",
             f"{100 * (one['ratio'] - 1):+.1f}% time")
    return table(("work", "EtfNet", "reference", "factor"), rows)


# Growth.

def power_fit(points):
    """The exponent of the power law nearest to points, by least squares of the logarithms, and the share of variance it explains."""
    x, y = ([math.log(point[axis]) for point in points] for axis in (0, 1))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    covariance = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y))
    exponent = covariance / sum((a - mean_x) ** 2 for a in x)
    total = sum((b - mean_y) ** 2 for b in y)
    return exponent, exponent * covariance / total if total else 1.0


def upper_half(points):
    """Where the fixed costs of a call count less."""
    return points[min(len(points) // 2, len(points) - 2):]


def growth(works):
    """Series along one number of the shape, all else alike: {(subject, shape with #): {method: [(number, ms)]}} of enough places."""
    series = collections.defaultdict(lambda: collections.defaultdict(dict))
    for work in (work for work in works if work.section in GROWING):
        for number in re.finditer(r"\d+", work.shape):
            around = (work.shape[:number.start()], work.shape[number.end():])
            series[work.subject, around][work.method][int(number.group())] = work.ms
    found = collections.defaultdict(dict)
    for (subject, (before, after)), methods in series.items():
        kind = re.match(r"[A-Za-z]*", before).group()
        for method, places in methods.items():
            if len(places) >= LEAST_PLACES:
                found[subject, before[len(kind):].lstrip() + "#" + after][f"{kind} {method}".strip()] = sorted(places.items())
    return found


def growth_table(curves):
    places = sorted({x for points in curves.values() for x, _ in points})
    rows = []
    for name, points in curves.items():
        times, (exponent, explained) = dict(points), power_fit(points)
        rows.append((name, *(milliseconds(times[x]) if x in times else "" for x in places), f"{exponent:.2f}",
                     f"{power_fit(upper_half(points))[0]:.2f}", f"{explained:.3f}"))
    return table(("work", *map(str, places), "exponent", "upper half", "R2"), rows)


def picture(title, curves):
    """An SVG with logarithms on both axes: the slope of a line is its exponent."""
    left, top, width, height = 80, 40, 480, 400
    x = [math.log10(point[0]) for points in curves.values() for point in points]
    y = [math.log10(point[1]) for points in curves.values() for point in points]
    low, high = math.floor(min(y)), max(math.ceil(max(y)), math.floor(min(y)) + 1)

    def at(place, ms):
        return (left + width * (math.log10(place) - min(x)) / (max(x) - min(x)),
                top + height * (high - math.log10(ms)) / (high - low))

    parts = [f'<text x="{left}" y="24" font-size="15">{title}</text>',
             f'<text x="{left}" y="{top + height + 45}">#</text>', f'<text x="10" y="{top - 8}">median ms</text>']
    for power in range(low, high + 1):
        _, line = at(10 ** min(x), 10 ** power)
        parts.append(f'<path d="M{left} {line:.1f}h{width}" stroke="#ddd"/><text x="{left - 8}" y="{line + 4:.1f}" '
                     f'text-anchor="end">{10.0 ** power:g}</text>')
    for place in sorted({point[0] for points in curves.values() for point in points}):
        parts.append(f'<text x="{at(place, 1)[0]:.1f}" y="{top + height + 20}" text-anchor="middle">{place}</text>')
    for index, (name, points) in enumerate(curves.items()):
        color, where = COLORS[index % len(COLORS)], [at(*point) for point in points]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in where)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{color}"/>' for a, b in where]
        parts.append(f'<text x="{left + width + 20}" y="{top + 14 + 20 * index}" fill="{color}">'
                     f'{name}: exponent {power_fit(upper_half(points))[0]:.2f}</text>')
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="500" font-family="sans-serif" font-size="12">\n'
            f'<rect width="900" height="500" fill="white"/>\n{body}\n</svg>\n')


# The page.

def render(name, ratios, works, peers, facts):
    """The page, and its pictures by file name."""
    limits, pictures = Limits(works), {}
    peer_name = f"PyTorch ({linear_algebra(facts.get('PyTorch', ''))})"
    text = [f"# {name}\n\n" + "".join(f"- {key}: {value}\n" for key, value in facts.items())]

    def section(title, about, content, after=""):
        if content:
            text.append(f"\n## {title}\n\n{about}\n\n{content}{after}")

    section("In short", "Medians; the sections below say of what.", excerpt(ratios, works))
    section("Limits", "Copies and matrix products. A share of them tells how far work is from what the machine can do.", limits.table())
    section("Ratios", "Work and reference alternate; below 1 is faster than the reference. The overhead of watching is the mean of paired "
            "steps, with its 95% interval.", ratio_table(ratios))
    for title in dict.fromkeys(work.section for work in works if work.section != "Limits"):
        section(title, "`of first`: time over that of the first line of the same shape. `must move` and `operations` are what the work "
                "needs in any formulation; the greater share is that of the limit that binds. `live tensors` are held between runs, "
                "`peak resident` is the whole process's.",
                work_table([work for work in works if work.section == title], limits, peers, peer_name))
    for (subject, shape), curves in growth(works).items():
        file = re.sub(r"[^A-Za-z0-9]+", "-", f"{name}-{subject}-{shape}").strip("-") + ".svg"
        pictures[file] = picture(f"{subject}, {shape}", curves)
        section(f"Growth of {subject}, {shape}", "Fitted exponents, over all places of # and over the upper half, where the fixed costs "
                "of a call count less.", growth_table(curves), f"\n![cost of {subject}, {shape}]({file})\n")
    return "".join(text), pictures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="the page's name: letters, digits, '-', '_' and '.'")
    parser.add_argument("--ratios", metavar="FILE")
    parser.add_argument("--benchmarks", metavar="FOLDER")
    parser.add_argument("--peers", metavar="FILE")
    parser.add_argument("--out", metavar="FOLDER", default=".")
    arguments = parser.parse_args()
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", arguments.name):
        parser.error(f"'{arguments.name}' is no file name of letters, digits, '-', '_' and '.'")
    try:
        ratios = json.loads(pathlib.Path(arguments.ratios).read_text(encoding="utf-8")) if arguments.ratios else {}
        peers = json.loads(pathlib.Path(arguments.peers).read_text(encoding="utf-8")) if arguments.peers else {}
        works, host = read_benchmarks(arguments.benchmarks) if arguments.benchmarks else ([], {})
        facts = {**host, **ratios.get("machine", {}), **({"PyTorch": peers["machine"]} if peers else {})}
        page, pictures = render(arguments.name, ratios.get("results", []), works, peers.get("results", []), facts)
        folder = pathlib.Path(arguments.out)
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in {f"{arguments.name}.md": page, **pictures}.items():
            (folder / file).write_text(content, encoding="utf-8")
    except (OSError, ValueError, KeyError, AttributeError) as error:
        print(f"report.py: {type(error).__name__} {error}; files of ratios --json, BenchmarkDotNet and peers.py --json are read",
              file=sys.stderr)
        sys.exit(2)
    print(folder / f"{arguments.name}.md")


if __name__ == "__main__":
    main()

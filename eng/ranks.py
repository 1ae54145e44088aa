#!/usr/bin/python3
"""Time of a data-parallel training step against the number of ranks: by formula, and by simulation with ranks that differ in speed.

Weak scaling: each rank keeps its batch. Gradients of what is trained are summed over the ranks by recursive halving and doubling
(Rabenseifner): 2 log2(p) exchanges of together 2 (p - 1)/p of the bytes. Computation and sum do not overlap, as in ReduceGradients.
Prints the table of docs/performance.md.
"""
import math
import random

# Milliseconds of a dense layer forward and backward, of an aligned one of rank 20, of the optimizer on a dense layer, and of batch norm and
# ReLU: width 1024 as measured by `ratios` (batch 128, two threads); the last two at width 4096 by their bytes.
MEASURED = {1024: (3.0, 0.19, 1.2, 0.5), 4096: (49.5, 0.69, 19.2, 2.0)}
LAYERS, FIXED = 10, 8
NETWORKS = {"10 Gbit/s": (30e-3, 1.25e6), "100 Gbit/s": (10e-3, 12.5e6)}  # ms per exchange, bytes per ms
SPREAD = 0.03  # of the ranks' computing times, and of each exchange's, as a standard deviation
STEPS = 10
RANKS = (1, 2, 8, 64, 512, 4096)


def compute(width, fixed):
    dense, aligned, optimizer, rest = MEASURED[width]
    return (LAYERS - fixed) * (dense + optimizer) + fixed * aligned + LAYERS * rest


def bytes_summed(width, fixed):
    return 4 * (LAYERS - fixed) * width * width


def by_formula(milliseconds, size, ranks, network):
    latency, bandwidth = NETWORKS[network]
    return milliseconds + 2 * math.log2(ranks) * latency + 2 * (ranks - 1) / ranks * size / bandwidth


def by_simulation(milliseconds, size, ranks, network, draw):
    latency, bandwidth = NETWORKS[network]
    clock = [0.0] * ranks
    rounds = [(2 ** i, size / 2 ** (i + 1)) for i in range(int(math.log2(ranks)))]
    for _ in range(STEPS):
        clock = [now + milliseconds * draw.lognormvariate(0, SPREAD) for now in clock]
        for distance, part in rounds + rounds[::-1]:
            # Partners wait for each other; each exchange takes a little more or less.
            exchange = latency + part / bandwidth
            clock = [max(now, clock[rank ^ distance]) + exchange * draw.lognormvariate(0, SPREAD) for rank, now in enumerate(clock)]
    return max(clock) / STEPS


def main():
    draw = random.Random(1)
    print("| width | network | ranks | all trained: formula, simulated (ms) | eight fixed: formula, simulated (ms) | of the time | bytes per step |")
    print("|---|---|---|---|---|---|---|")
    for width in MEASURED:
        for network in NETWORKS:
            for ranks in RANKS:
                cells, times = [], []
                for fixed in (0, FIXED):
                    terms = compute(width, fixed), bytes_summed(width, fixed), ranks, network
                    times.append(by_simulation(*terms, draw))
                    cells.append(f"{by_formula(*terms):,.0f}, {times[-1]:,.0f}")
                size = " to ".join(f"{bytes_summed(width, fixed) / 1e6:,.0f}" for fixed in (0, FIXED)) if ranks > 1 else "none"
                print(f"| {width} | {network} | {ranks:,} | {cells[0]} | {cells[1]} | {times[1] / times[0]:.2f} | {size}{' MB' if ranks > 1 else ''} |")


main()

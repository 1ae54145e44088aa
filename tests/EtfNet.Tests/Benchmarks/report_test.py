"""Tests of src/EtfNet.Benchmarks/report/report.py, whose folder is the argument. Run by ReportTests."""
import math
import random
import sys
import unittest

sys.path.insert(0, sys.argv.pop())
sys.dont_write_bytecode = True
import report  # noqa: E402


def copies(*points):
    return [report.Work("Limits", "PlainCopy", "", "Copy", size / rate * 1e3, {"Must move": size}, 1) for size, rate in points]


def product(rate, double):
    return report.Work("Limits", "MatrixProduct", "", "Product", 1e3, {"Operations": rate, "In float64": int(double)}, 1)


def work(ms, moved=0, operations=0, double=False, **names):
    metrics = {"Must move": moved, "Operations": operations, "In float64": int(double), "Live tensors": 4096, "Peak resident": math.nan}
    names = {"section": "Kernels", "subject": "NccScoring", "shape": "60000x1024 of 10", "method": "Library", **names}
    return report.Work(ms=ms, metrics=metrics, baseline=0.2, **names)


LIMITS = [*copies((1e3, 4e9), (1e5, 2e9)), product(1e11, False), product(2e10, True)]


class Units(unittest.TestCase):
    def test_linear_algebra_is_named_after_its_library(self):
        for machine, name in (("libcublas.so.13, libcublasLt.so.13", "cublas"), ("libmkl_rt.so", "mkl"), ("within libtorch", "its own"), ("libblas.so.3", "reference BLAS")):
            self.assertEqual(report.linear_algebra(machine), name)

    def test_milliseconds_have_three_digits_and_a_unit(self):
        for value, text in ((0.0123, "12.3 us"), (1, "1.00 ms"), (123.4, "123 ms"), (99.97, "100 ms"), (2500, "2.50 s")):
            self.assertEqual(report.milliseconds(value), text)

    def test_digits_are_never_exponents(self):
        for value, text in ((0.0, "0"), (0.0000234, "0.0000234"), (0.5, "0.500"), (12.34, "12.3"), (123456.0, "123456")):
            self.assertEqual(report.digits(value), text)

    def test_bytes_and_operations_have_a_unit(self):
        for value, text in ((512, "512 B"), (1536, "1.50 KiB"), (3 << 30, "3.00 GiB"), (5 << 40, "5120 GiB"), (0, "-"), (math.nan, "-")):
            self.assertEqual(report.byte_count(value), text)
        self.assertEqual([report.operations(count) for count in (0, 500, 5e6, 7e12)], ["-", "500", "5.00 M", "7000 G"])


class Distances(unittest.TestCase):
    limits = report.Limits(LIMITS)

    def test_copy_at_any_size_is_between_its_neighbors(self):
        for size, rate in ((10, 4e9), (1e3, 4e9), (1e4, 3e9), (1e5, 2e9), (1e9, 2e9)):
            self.assertAlmostEqual(self.limits.copy_at(size) / rate, 1, 9)

    def test_work_as_fast_as_the_copy_is_one(self):
        # 1e6 bytes at 2e9 a second take half a millisecond.
        self.assertAlmostEqual(self.limits.of_copy(work(0.5, moved=1e6)), 1, 12)
        self.assertAlmostEqual(self.limits.of_copy(work(2, moved=1e6)), 0.25, 12)
        self.assertIsNone(self.limits.of_copy(work(2)))

    def test_products_in_float64_have_a_rate_of_their_own(self):
        self.assertAlmostEqual(self.limits.of_product(work(1, operations=1e8)), 1, 12)
        self.assertAlmostEqual(self.limits.of_product(work(5, operations=1e8, double=True)), 1, 12)
        self.assertIsNone(self.limits.of_product(work(1, moved=1)))

    def test_without_limits_there_are_no_shares(self):
        nothing = report.Limits([])
        self.assertIsNone(nothing.of_copy(work(1, moved=1)))
        self.assertIsNone(nothing.of_product(work(1, operations=1)))
        self.assertEqual(nothing.table(), "")


class PowerLaws(unittest.TestCase):
    def test_a_power_law_gives_its_exponent(self):
        generator = random.Random(1)
        for _ in range(50):
            exponent, factor = generator.uniform(-1, 4), math.exp(generator.uniform(-5, 5))
            found, explained = report.power_fit([(2 ** k, factor * 2 ** (k * exponent)) for k in range(1, 7)])
            self.assertAlmostEqual(found, exponent, 9)
            self.assertAlmostEqual(explained, 1, 9)

    def test_no_other_exponent_is_nearer(self):
        generator = random.Random(2)
        points = [(k, math.exp(generator.random())) for k in range(1, 9)]
        exponent, explained = report.power_fit(points)

        def distance(slope):
            rest = [math.log(y) - slope * math.log(x) for x, y in points]
            return sum((one - sum(rest) / len(rest)) ** 2 for one in rest)

        self.assertTrue(0 <= explained <= 1)
        self.assertTrue(all(distance(exponent + off) > distance(exponent) for off in (0.01, -0.01)))

    def test_the_upper_half_leaves_out_the_fixed_cost_of_a_call(self):
        # 1 + x^2 / 1e4: flat at first, then of exponent 2.
        points = [(2 ** k, 1 + 4 ** k / 1e4) for k in range(12)]
        self.assertLess(report.power_fit(points)[0], 1)
        self.assertTrue(1.2 < report.power_fit(report.upper_half(points))[0] < 2)

    def test_growth_is_along_one_number_with_all_else_alike(self):
        forward = {"section": "Layers", "subject": "LayerPasses", "method": "Forward"}
        works = [work(n, shape=f"Identity {n}, batch 128", **forward) for n in (512, 1024, 2048, 4096)]
        works += [work(1, shape=f"Identity 1024, batch {n}", **forward) for n in (32, 64)]
        self.assertEqual(report.growth(works), {
            ("LayerPasses", "#, batch 128"): {"Identity Forward": [(512, 512), (1024, 1024), (2048, 2048), (4096, 4096)]}})


class Page(unittest.TestCase):
    ratios = [
        {"name": "identity", "batch": 128, "width": 4096, "medianMs": 1.0, "reference": "frozenDense", "referenceMs": 40.0, "ratio": 0.025},
        {"name": "nccOverhead", "batch": 128, "width": 1024, "medianMs": 10.06, "reference": "trainingStepUnmonitored", "referenceMs": 10.0,
         "ratio": 1.006, "interval": [1.004, 1.008], "unit": "ms"},
        {"name": "trainingBytesFixed", "batch": 0, "width": 1024, "rank": 20, "medianMs": 1048576, "reference": "none",
         "referenceMs": 4194304, "ratio": 0.25, "unit": "B"},
    ]
    works = [*LIMITS, work(0.2, 1e6, 5e6), work(1, 1e6, 5e6, method="CdistArgmin"),
             *(work(n, section="Construction", subject="SeededConstruction", shape=f"{n}", method="Dense") for n in (1, 2, 4, 8))]

    def test_every_section_says_what_was_measured(self):
        peers = [{"subject": "NccScoring", "shape": "60000x1024 of 10", "method": "CdistArgmin", "medianMs": 2.0}]
        page, pictures = report.render("machine", self.ratios, self.works, peers,
                                       {"processor": "a fast one", "PyTorch": "2.0, linear algebra: libblas.so.3, libopenblasp-r0.3.21.so"})
        self.assertTrue(page.startswith("# machine\n\n- processor: a fast one\n"))
        self.assertRegex(page, r"\| identity layer.*\| 1\.00 ms \|.*40\.0x faster \|")
        self.assertRegex(page, r"\| watching a training step, ten layers +\|.*\+0\.6% time \|")
        self.assertRegex(page, r"\| NCC scores of 60,000 samples.*5\.00x faster \|")
        self.assertRegex(page, r"\| identity +\| +128 \| +4096 \|.*\| +1\.00 ms \| +40\.0 ms \| +0\.0250 \|")
        self.assertRegex(page, r"\| nccOverhead .*\| +1\.0060 \| +1\.0040 to 1\.0080 \|")
        self.assertRegex(page, r"\| trainingBytesFixed .*\| +1\.00 MiB \| +4\.00 MiB \| +0\.2500 \|")
        # A megabyte in 0.2 ms at 2 GB/s is 2.5 copies; 5 million operations in 0.2 ms at 100 Gflop/s are a quarter of the rate.
        self.assertRegex(page, r"\| Library +\| +200 us \| +1\.00x \| +977 KiB \| +5\.00 M \| +2\.50 \| +0\.25 \| +4\.00 KiB \|")
        self.assertRegex(page, r"\| NccScoring .*\| PyTorch \(openblas\): CdistArgmin +\| +2\.00 ms \| +10\.0x \|")
        self.assertRegex(page, r"\| Dense +\| +1\.00 ms \| +2\.00 ms \| +4\.00 ms \| +8\.00 ms \| +1\.00 \| +1\.00 \| 1\.000 \|")
        self.assertEqual(list(pictures), ["machine-SeededConstruction.svg"])
        self.assertIn("](machine-SeededConstruction.svg)", page)
        self.assertIn("Dense: exponent 1.00", pictures["machine-SeededConstruction.svg"])

    def test_nothing_measured_is_a_page_without_sections(self):
        self.assertEqual(report.render("empty", [], [], [], {}), ("# empty\n\n", {}))


if __name__ == "__main__":
    unittest.main()

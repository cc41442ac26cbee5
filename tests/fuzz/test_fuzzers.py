"""The fuzzers' seeds, and mutations of them, as ordinary tests; `make fuzz` goes on from there."""

import random

import pytest

from fuzz import (
    fuzz_channel,
    fuzz_match_spec,
    fuzz_package_files,
    fuzz_version,
    fuzz_version_spec,
)

FUZZERS = (fuzz_channel, fuzz_match_spec, fuzz_package_files, fuzz_version, fuzz_version_spec)


def mutations(seeds, count):
    choose = random.Random(0)
    pieces = [seed.encode() for seed in seeds]
    marks = b"\0\n \"'()[]{}*^$|,;:#!=<>~+-_./\\%@\xc3\xa9\xff019azAZ"
    for _ in range(count):
        data = bytearray(choose.choice(pieces))
        for _ in range(choose.randint(1, 4)):
            start = choose.randint(0, len(data))
            stop = start + choose.choice((0, 0, 1, 3))
            other = choose.choice(pieces)
            cut = choose.randint(0, len(other))
            data[start:stop] = choose.choice(
                (bytes([choose.choice(marks)]), other[cut : cut + choose.randint(1, 8)])
            )
        yield bytes(data)


@pytest.mark.parametrize("fuzzer", FUZZERS, ids=lambda fuzzer: fuzzer.__name__)
def test_a_few_mutations_of_the_seeds_raise_documented_errors_only(fuzzer):
    for seed in fuzzer.SEEDS:
        fuzzer.check(seed.encode())
    for data in mutations(fuzzer.SEEDS, 400):
        fuzzer.check(data)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("fuzzer", FUZZERS, ids=lambda fuzzer: fuzzer.__name__)
def test_many_mutations_of_the_seeds_raise_documented_errors_only(fuzzer):
    for data in mutations(fuzzer.SEEDS, 60_000):
        fuzzer.check(data)

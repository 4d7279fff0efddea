# SPDX-License-Identifier: GPL-2.0
"""docs/security.md names the tests that hold each promise: they have to exist."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
SOURCES = [
    *TOP.glob("userspace-test/c/*/*.c"),
    *TOP.glob("rust_sysdemo/**/*.rs"),
    TOP / "qemu/guest/init",
]
PROMISES = [
    line for line in (TOP / "docs/security.md").read_text().splitlines() if line.startswith("| ")
]


def names():
    """What is tested under which name: test cases, stages of the guest, programs."""
    text = "\n".join(path.read_text() for path in SOURCES)
    found = set(re.findall(r"\bTEST(?:_F(?:_TIMEOUT)?)?\((?:\w+, )?(\w+)(?:, \w+)?\)", text))
    found |= set(re.findall(r"#\[test\]\s+fn (\w+)", text))
    found |= set(re.findall(r"^(?:\[.*\|\| )?run (\w+) ", text, re.M))
    programs = [*TOP.glob("userspace-test/c/tests/*.c"), *TOP.glob("userspace-test/c/liburing/*.c")]
    return found | {f"c-{path.stem}" for path in programs} | {"rust"}


def rows():
    for line in PROMISES:
        promise, held_by = line.strip("| ").split(" | ")
        if promise != "promise":
            yield promise, re.findall(r"`([^`]+)`", held_by)


@pytest.mark.parametrize(("promise", "tests"), rows())
def test_promise_is_held(promise, tests):
    missing = set(tests) - names()
    assert tests, promise
    assert not missing, promise


def test_promises_are_found():
    assert len(list(rows())) > 10

# SPDX-License-Identifier: GPL-2.0
"""What a fuzzer leaves is saved, and that its alarms ring: a bug that is planted is found again."""

import json
import os
import re
import shutil
import struct
import subprocess

import fuzz_results
import pytest
from guests import TOP


def memory_of(inputs, finished, files=()):
    """What a fuzzer leaves that has run these inputs."""
    memory = bytearray(1 << 20)
    stream = b""
    for name, contents in files:
        stream += struct.pack("<2Q", len(name), len(contents))
        for part in (name.encode(), contents):
            stream += part.ljust(fuzz_results.padded(len(part)), b"\0")
    memory[:8] = fuzz_results.MAGIC
    struct.pack_into("<5Q", memory, 8, len(inputs), finished, len(stream) // 8, 5, 4)
    for number, contents in enumerate(inputs):
        slot = fuzz_results.RING + number % fuzz_results.SLOTS * fuzz_results.SLOT_SIZE
        struct.pack_into("<Q", memory, slot, len(contents))
        memory[slot + 8 : slot + 8 + len(contents)] = contents
    memory[fuzz_results.FILES : fuzz_results.FILES + len(stream)] = stream
    return memory


def test_what_is_left():
    inputs = [b"%d" % number for number in range(100)]
    left = fuzz_results.read(memory_of(inputs, 99, [("corpus/a", b"123456789"), ("b", b"x")]))
    assert left.last == inputs[-fuzz_results.SLOTS :]
    assert left.crash == b"99"
    assert left.files == {"corpus/a": b"123456789", "b": b"x"}
    assert not left.damage
    assert fuzz_results.read(memory_of(inputs, 100)).crash is None


@pytest.fixture
def save(tmp_path):
    """Saves what is left in some memory; gives the exit status and what was said."""

    def save(memory, *options):
        if memory is not None:
            (tmp_path / "memory").write_bytes(memory)
        (tmp_path / "guest").mkdir(exist_ok=True)
        (tmp_path / "guest/console.log").write_text("[ 1.0] BUG: KASAN: slab-use-after-free in f\n")
        done = subprocess.run(
            [
                *(TOP / "qemu/fuzz_results.py", tmp_path / "memory", "--results", "guest"),
                *("--corpus", "corpus", "--crashes", "crashes", *options),
            ],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stdout
        return done.returncode, done.stdout

    return save


def test_what_is_saved(save, tmp_path):
    said = {"seconds": 4.0, "executions_per_second": 0.5, "corpus": 3, "found": 1}
    said |= {"calls": {"null": {"made": 2, "succeeded": 1}}, "doors": {"Call": 1}}
    files = [("corpus/a", b"find"), ("fuzz.json", json.dumps(said).encode())]
    memory = memory_of([b"1", b"2"], 2, files)
    status, out = save(memory)
    assert status == 0
    assert "2 executions in 4 s (0 a second), 5 edges in 4 places, 3 inputs to begin with" in out
    assert "(1 new in corpus), 1 reports" in out
    assert [path.read_bytes() for path in (tmp_path / "corpus").iterdir()] == [b"find"]
    told = json.loads((tmp_path / "guest.json").read_text())
    assert told["reports"] == 1
    assert told["calls"] == said["calls"]
    assert told["doors"] == said["doors"]
    assert "(0 new in corpus)" in save(memory)[1]
    assert not (tmp_path / "crashes").exists()


def test_what_did_not_end_is_saved(save, tmp_path):
    status, out = save(memory_of([b"1", b"2"], 1), "--why", "failed")
    assert status == 0
    crash, last = re.findall(r"make fuzz INPUT=(crashes/(?:crash|last)-[0-9a-f]{40})\n", out)
    assert (tmp_path / crash).read_bytes() == b"2"
    assert [path.read_bytes() for path in sorted((tmp_path / last).iterdir())] == [b"1", b"2"]


def test_what_was_ended_is_no_failure_of_an_input(save):
    _, out = save(memory_of([b"1", b"2"], 1), "--why", "ended")
    assert "make fuzz INPUT=crashes/last-" in out
    assert "crashes/crash-" not in out


@pytest.mark.parametrize(
    "memory",
    [None, b"", bytes(1 << 20), memory_of([], 0)],
    ids=["none", "empty", "zero", "unused"],
)
def test_nothing_was_run(save, memory):
    assert save(memory) == (1, "fuzz: no input was run\n")


def damaged(place, value):
    memory = memory_of([b"1", b"2"], 2, [("corpus/a", b"find")])
    struct.pack_into("<Q", memory, place, value)
    return memory


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (8, 1),  # more ended than were started
        (fuzz_results.RING, 1 << 40),  # the size of an input
        (24, 1 << 60),  # how many files
        (fuzz_results.FILES, 1 << 62),  # the size of a name
        (fuzz_results.FILES + 8, 1 << 62),  # the size of a file
    ],
)
def test_damage_is_told(save, place, value):
    status, out = save(damaged(place, value))
    assert status == 1
    assert "what the guest has left is damaged: " in out


@pytest.mark.parametrize("figures", [b"{", b"[]", b"5", b"{}", b'{"seconds": "x"}'])
def test_figures_that_are_none(save, figures):
    status, out = save(memory_of([b"1"], 1, [("fuzz.json", figures)]))
    assert status == 1
    assert "figures that are none" in out


# How long a guest may take, in seconds.
TIMEOUT = 500


def fuzz(*environment):
    """Fuzzes as `make fuzz` does, all that it needs being built; gives exit status and words."""
    done = subprocess.run(
        [TOP / "scripts/fuzz", "--built"],
        # The test run that this is a part of holds the lock of the build.
        env=os.environ
        | {"SYSDEMO_CACHE": "/cache", "SYSDEMO_LOCKED": "1", "TIMEOUT": str(TIMEOUT)}
        | dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # The guest's own limit comes first, also if it has to be booted twice: only who started it
        # can end it.
        timeout=2 * TIMEOUT + 120,
        check=False,
    )
    return done.returncode, done.stdout


# Both use the build folder.
@pytest.mark.xdist_group("fuzz")
@pytest.mark.parametrize(
    ("trap", "messages"),
    [
        # The guest ends by it, and what came before is in the log.
        (
            "context",
            ["panic during 'fuzz': ", "lockdep report during 'fuzz': ", "Invalid wait context"],
        ),
        ("bounds", ["KASAN report during 'fuzz': "]),
    ],
)
def test_a_planted_bug_is_found_and_found_again(trap, messages):
    """Found by a run, then by the one command that it shows, with the one input that it saved."""
    try:
        planted = ("APPEND", f"sysdemo.trap={trap}")
        # It ends when it is found.
        status, out = fuzz(planted, ("TIME", "300"))
        assert status == 1, out
        for message in messages:
            assert message in out[out.rindex(": FAILED after") :]
        found = re.search(r"\n  make fuzz (INPUT)=(build/fuzz-planted/crash-[0-9a-f]{40})\n", out)
        assert found, out

        status, out = fuzz(planted, found.groups())
        assert status == 1, out
        for message in messages:
            assert message in out[out.rindex(": FAILED after") :]
        assert "\nfuzz: 0 executions" in out
        assert found[0] in out
    finally:
        # It is no failure of the run that this is a part of.
        for left in (TOP / "build/results").glob("fuzz-planted*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        shutil.rmtree(TOP / "build/fuzz-planted", ignore_errors=True)

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Saves what a fuzzer has left in the memory that it shared with the host.

It is there however the guest ended: the last inputs, whether the very last came to its end, what
was found and the figures. `userspace-test/rust/fuzz/src/shared.rs` writes it and says what is
where. Nothing that is in it is trusted: the kernel that was fuzzed may have gone mad.
"""

import argparse
import hashlib
import json
import shutil
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path

import console

MAGIC = b"sysdfuzz"
RING, SLOTS, SLOT_SIZE = 64 * 8, 64, 4096
FILES = RING + SLOTS * SLOT_SIZE + 2 * 256 * 8


@dataclass
class Left:
    """What is left of a fuzzer."""

    executions: int = 0
    edges: int = 0
    places: int = 0
    last: list = field(default_factory=list)  # the last inputs, the oldest first
    unfinished: bool = False  # whether the last one did not come to its end
    files: dict = field(default_factory=dict)
    damage: str = ""  # what cannot be as it is

    @property
    def crash(self):
        """The input that did not come to its end, if there is one."""
        return self.last[-1] if self.unfinished and self.last else None


def padded(size):
    """A size in whole words of eight bytes."""
    return (size + 7) // 8 * 8


def read(memory):
    """Reads the shared memory; None if no fuzzer has run."""
    if len(memory) < FILES or not memory.startswith(MAGIC):
        return None
    started, finished, files, edges, places = struct.unpack_from("<5Q", memory, 8)
    left = Left(finished, edges, places, unfinished=started != finished)
    if finished > started:
        left.damage = f"{finished} inputs ended, {started} were started"
    for number in range(max(0, started - SLOTS), started):
        slot = RING + number % SLOTS * SLOT_SIZE
        (size,) = struct.unpack_from("<Q", memory, slot)
        if size > SLOT_SIZE - 8:
            left.damage = f"an input of {size} bytes"
            continue
        left.last.append(memory[slot + 8 : slot + 8 + size])
    at, end = FILES, FILES + files * 8
    while at < end:
        if end > len(memory) or at + 16 > end:
            left.damage = "files beyond the memory's end"
            break
        name_size, size = struct.unpack_from("<2Q", memory, at)
        name = memory[at + 16 : at + 16 + name_size].decode(errors="replace")
        at += 16 + padded(name_size)
        if at + padded(size) > end:
            left.damage = "a file beyond the files' end"
            break
        left.files[name] = memory[at : at + size]
        at += padded(size)
    return left


def save_finds(left, corpus):
    """Saves finds; gives how many are new to the corpus."""
    new = 0
    corpus.mkdir(parents=True, exist_ok=True)
    for name, contents in left.files.items():
        if not name.startswith("corpus/"):
            continue
        # The name says what is in it, so that the same find of another run is the same file.
        path = corpus / hashlib.sha1(contents).hexdigest()
        new += not path.exists()
        path.write_bytes(contents)
    return new


def save_last(left, crashes):
    """Saves what was run last, to be run again; gives the input that did not end, and all."""
    name = hashlib.sha1(b"".join(left.last)).hexdigest()
    folder = crashes / f"last-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, contents in enumerate(left.last):
        # An empty file is no input that could be given again; beyond its end, zeros are read.
        (folder / f"{number:02}").write_bytes(contents or b"\0")
    if left.crash is None:
        return None, folder
    crash = crashes / f"crash-{hashlib.sha1(left.crash).hexdigest()}"
    crash.write_bytes(left.crash or b"\0")
    return crash, folder


# What a fuzzer tells at its end.
ENDED = ("seconds", "executions_per_second", "corpus", "found")
# And of what it was made of: each call, each door.
COUNTED = ("calls", "doors")


def figures(left, reports):
    """What is to be told in numbers; those of a fuzzer that came to its end say more."""
    found = {"executions": left.executions, "edges": left.edges, "places": left.places}
    if "fuzz.json" in left.files:
        try:
            said = json.loads(left.files["fuzz.json"])
            found |= {name: float(said[name]) for name in ENDED}
            found |= {name: said[name] for name in COUNTED}
        except (ValueError, TypeError, KeyError):
            left.damage = left.damage or "figures that are none"
    return found | {"reports": reports}


def shown(found, new, corpus):
    """The figures as a line."""
    line = f"fuzz: {found['executions']} executions"
    if "seconds" in found:
        line += f" in {found['seconds']:.0f} s ({found['executions_per_second']:.0f} a second)"
    line += f", {found['edges']} edges in {found['places']} places"
    if "corpus" in found:
        line += f", {found['corpus']:.0f} inputs to begin with and {found['found']:.0f} more"
    return f"{line} ({new} new in {corpus}), {found['reports']} reports"


def tell_last(crash, folder, why):
    """Says how to run again what was run last."""
    if why == "ended":
        print("fuzz: it was ended; if it hung, this runs again what it ran last:\n")
    elif crash:
        print("fuzz: the input that it failed at is saved; this runs it again:\n")
        print(f"  make fuzz INPUT={crash}\n")
        print("If that passes, it takes what came before it as well:\n")
    else:
        print("fuzz: no input was being run when it failed; the last ones were:\n")
    print(f"  make fuzz INPUT={folder}\n")


def save(options):
    """Saves all; gives the exit status."""
    left = read(options.memory.read_bytes()) if options.memory.exists() else None
    if left is None or (not left.executions and not left.last):
        print("fuzz: no input was run")
        return 1
    new = save_finds(left, options.corpus)
    log = options.results / "console.log"
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    # One line can be of more than one kind.
    found = figures(left, len({line for _, line, _ in console.reports(text)}))
    file = options.results.with_suffix(".json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(shown(found, new, options.corpus))
    if left.damage:
        print(f"fuzz: what the guest has left is damaged: {left.damage}")
    if options.why:
        tell_last(*save_last(left, options.crashes), options.why)
    return 1 if left.damage else 0


def main():
    """Does what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("memory", type=Path, help="what the guest has left")
    parser.add_argument("--results", type=Path, required=True, help="folder of the guest's logs")
    parser.add_argument("--corpus", type=Path, required=True, help="folder for what was found")
    parser.add_argument("--crashes", type=Path, required=True, help="folder for inputs that fail")
    parser.add_argument("--why", choices=("failed", "ended"), help="why it did not pass")
    try:
        return save(parser.parse_args())
    except OSError as error:
        print(f"error: what was fuzzed cannot be saved: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

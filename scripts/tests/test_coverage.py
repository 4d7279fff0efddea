# SPDX-License-Identifier: GPL-2.0
"""What is made of the record of which code ran."""

import json
import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
MODULE = TOP / "build/module-debug/sysdemo.ko"
TEXT, INIT, EXIT = 0x1000, 0x9000, 0x1000000


@pytest.fixture(scope="module")
def offsets():
    """Where the module's pieces of code are, by section, read from it in another way."""
    said = subprocess.run(["objdump", "-dr", MODULE], capture_output=True, text=True, check=True)
    found, section = {}, ""
    for line in said.stdout.splitlines():
        if heading := re.match(r"Disassembly of section (.*):", line):
            section = heading[1]
        elif call := re.match(r"\s+([0-9a-f]+): R_X86_64_PLT32\s+__sanitizer_cov_trace_pc", line):
            found.setdefault(section, []).append(int(call[1], 16) + 4)
    return found


@pytest.fixture
def report(tmp_path):
    """Runs the script on a record; gives its exit status, what it said and the report."""

    def report(lines):
        log, file = tmp_path / "cover.log", tmp_path / "coverage.json"
        log.write_text("".join(f"{line}\n" for line in lines))
        done = subprocess.run(
            [TOP / "scripts/in-root/coverage", MODULE, log, file],
            capture_output=True,
            text=True,
            check=False,
        )
        return done, json.loads(file.read_text()) if file.exists() else None

    return report


def record(offsets, leave_out=()):
    yield f"section .text {TEXT:#x}"
    yield f"section .init.text {INIT:#x}"
    yield f"section .exit.text {EXIT:#x}"
    yield f"start text {TEXT:#x}"
    yield f"start init {INIT:#x}"
    for section, area, base in (
        (".text", "text", 0),
        (".init.text", "init", 0),
        (".exit.text", "text", EXIT - TEXT),
    ):
        for offset in offsets[section]:
            if (section, offset) not in leave_out:
                yield f"{area} {base + offset:#x}"


def test_all_of_it(report, offsets):
    done, result = report(record(offsets))
    assert done.returncode == 0, done.stderr
    assert result["edges"]["all"] == result["edges"]["reached"] > 100
    assert result["lines"]["all"] == result["lines"]["reached"] > 100
    assert result["unreached"] == []
    assert "(100.0 %)" in done.stdout


@pytest.mark.parametrize("section", [".text", ".exit.text"])
def test_what_was_not_reached(report, offsets, section):
    """What is left out of the record is missing in the report."""
    left_out = {(section, offset) for offset in offsets[section][-30:]}
    done, result = report(record(offsets, left_out))
    assert done.returncode == 0, done.stderr
    assert result["edges"]["reached"] < result["edges"]["all"]
    assert f"{result['edges']['reached']} of {result['edges']['all']} edges" in done.stdout
    for place in result["unreached"]:
        assert f"  not reached: {place}\n" in done.stdout
    assert result["unreached"] or section != ".text"


def test_nothing_recorded(report):
    done, result = report([])
    assert done.returncode == 1
    assert "nothing was recorded" in done.stderr
    assert result is None

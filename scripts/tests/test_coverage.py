# SPDX-License-Identifier: GPL-2.0
"""What is made of the record of which code ran."""

import json
import re
import shutil
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
    """Runs the script on a record; gives what it did and said, and the report."""

    def report(lines):
        log = tmp_path / "cover.log"
        log.write_text("".join(f"{line}\n" for line in lines))
        done = subprocess.run(
            [TOP / "scripts/in-root/coverage", MODULE, log, tmp_path],
            capture_output=True,
            text=True,
            check=False,
        )
        file = tmp_path / "coverage.json"
        return done, json.loads(file.read_text()) if file.exists() else None

    return report


def record(offsets, leave_out=()):
    """What the guest would say if all of the module's code had run, but some."""
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


def test_all_of_it(report, offsets, tmp_path):
    done, result = report(record(offsets))
    assert done.returncode == 0, done.stderr
    assert result["edges"]["all"] == result["edges"]["reached"] > 100
    assert result["lines"]["all"] == result["lines"]["reached"] > 100
    assert result["unreached"] == []
    assert all(
        function["edges"] == function["reached"] > 0 and function["line"] > 0
        for function in result["functions"]
    )
    assert "lines (100.0 %)" in done.stdout
    # A table for the terminal, and a page for each file.
    assert re.search(r"^rust_sysdemo/syscall/dispatch.rs +\d+ +\d+ +100%", done.stdout, re.M)
    assert "dispatch.rs" in (tmp_path / "coverage/index.html").read_text()
    assert list((tmp_path / "coverage").glob("*dispatch.rs*.html"))


def test_the_modules_tests_do_not_count(report, offsets):
    _, result = report(record(offsets))
    names = {function["name"].rpartition("::")[2] for function in result["functions"]}
    assert "numbers_beyond_the_table_have_no_slot" not in names
    assert "get_label" in names


def test_a_line_that_nobody_explains(report, offsets):
    """What is left out of the record is missing in the report, which then fails."""
    left_out = {(".text", offset) for offset in offsets[".text"][-30:]}
    done, result = report(record(offsets, left_out))
    assert done.returncode == 1
    assert result["edges"]["reached"] < result["edges"]["all"]
    assert f"{result['edges']['reached']} of {result['edges']['all']} edges" in done.stdout
    assert result["unreached"]
    for place in result["unreached"]:
        assert f"  not reached: {place['file']}:{place['line']}: {place['text']}" in done.stdout
    assert "error: not reached, and unreached.toml does not say why: rust_sysdemo" in done.stderr


def test_too_little(report, offsets):
    left_out = {(".text", offset) for offset in offsets[".text"][::2]}
    done, _ = report(record(offsets, left_out))
    assert done.returncode == 1
    assert "error: the tests reach less than 95 % of the module's lines" in done.stderr


def test_an_explanation_of_what_is_not_there(offsets, tmp_path):
    copy = tmp_path / "in-root"
    shutil.copytree(TOP / "scripts/in-root", copy)
    with (copy / "unreached.toml").open("a") as file:
        file.write('["rust_sysdemo/gone.rs"]\n"x" = "gone"\n')
        file.write('["rust_sysdemo/calls/null.rs"]\n"nothing();" = "nothing"\n')
    log = tmp_path / "cover.log"
    log.write_text("".join(f"{line}\n" for line in record(offsets)))
    done = subprocess.run(
        [copy / "coverage", MODULE, log, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "explains what is not there: rust_sysdemo/gone.rs: x\n" in done.stderr
    assert "explains what is not there: rust_sysdemo/calls/null.rs: nothing();\n" in done.stderr


def test_nothing_recorded(report):
    done, result = report([])
    assert done.returncode == 1
    assert "nothing was recorded" in done.stderr
    assert result is None

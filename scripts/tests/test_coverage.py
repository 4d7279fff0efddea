# SPDX-License-Identifier: GPL-2.0
"""What is made of the record of which code ran."""

import json
import re
import shutil
import subprocess
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
MODULE = TOP / "build/module-debug/sysdemo.ko"
TEXT, INIT, EXIT = 0x1000, 0x9000, 0x1000000


def load_script():
    """The script as a module."""
    path = TOP / "scripts/in-root/coverage"
    loader = SourceFileLoader("coverage_script", str(path))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


COVERAGE = load_script()


def reached_places(offsets):
    """Every line with an edge as (file, text, number), if all ran."""
    sources = COVERAGE.Sources()
    reached = {(section, at) for section, all_ in offsets.items() for at in all_}
    _, lines = COVERAGE.attribute(MODULE, reached, sources)
    return [(file, sources[file].text(number), number) for file, number in lines]


@pytest.fixture(scope="module")
def offsets():
    """Where the pieces of the module's code are that can run, by section, read in another way."""
    known = COVERAGE.Functions(MODULE)
    said = subprocess.run(["objdump", "-dr", MODULE], capture_output=True, text=True, check=True)
    found, section = {}, ""
    for line in said.stdout.splitlines():
        if heading := re.match(r"Disassembly of section (.*):", line):
            section = heading[1]
        elif call := re.match(r"\s+([0-9a-f]+): R_X86_64_PLT32\s+__sanitizer_cov_trace_pc", line):
            at = int(call[1], 16) + 4
            if known.at(section, at) in known.alive:
                found.setdefault(section, []).append(at)
    return found


def test_a_copy_that_nothing_refers_to(report, offsets):
    """It is not counted; and that it cannot run is not only believed."""
    known = COVERAGE.Functions(MODULE)
    left_over = sorted(set(known.names) - known.alive)
    names = {known.names[function] for function in left_over}
    # Most of the module is in use, and of functions in C all.
    assert 0 < len(left_over) < len(known.alive)
    assert all(name.startswith("_R") for name in names)
    assert not any("WaitQueue" in name and name.endswith("4wake") for name in names)
    all_edges = set(COVERAGE.edges(MODULE))
    dead = next(edge for edge in sorted(all_edges) if known.at(*edge) in left_over)
    done, result = report([*record(offsets), f"text {dead[1]:#x}"])
    assert done.returncode == 1
    assert "error: it ran, though nothing seems to refer to it: _R" in done.stderr
    assert result is None


@pytest.fixture
def report(tmp_path):
    """Runs the script on a record; gives what it did and said, and the report.

    What is explained is nothing, or what a test says, or with None what the project's file says.
    """

    def report(lines, explained=""):
        log = tmp_path / "cover.log"
        log.write_text("".join(f"{line}\n" for line in lines))
        copy = tmp_path / "in-root"
        shutil.copytree(TOP / "scripts/in-root", copy)
        if explained is not None:
            (copy / "unreached.toml").write_text(explained)
        done = subprocess.run(
            [copy / "coverage", MODULE, log, tmp_path],
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


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("rust_sysdemo/gone.rs", "x", "explains what is not there"),
        ("rust_sysdemo/calls/null.rs", "nothing();", "explains what is not there"),
        # It is there, but it is no code.
        ("rust_sysdemo/syscall/dispatch.rs", "use kernel::{", "explains what is no edge"),
    ],
)
def test_an_explanation_of_nothing(report, offsets, file, text, message):
    done, _ = report(record(offsets), f'["{file}"]\n"{text}" = "gone"\n')
    assert done.returncode == 1
    assert f"{message}: {file}: {text}\n" in done.stderr


def test_an_explanation_of_what_is_reached(report, offsets):
    done, _ = report(record(offsets), None)
    assert done.returncode == 1
    assert "explains what is reached: rust_sysdemo.rs: _: { bridge::global::init()? },\n" in (
        done.stderr
    )
    # What is reached sometimes may be.
    assert "word.cmpxchg" not in done.stderr


def test_an_explanation_of_two_lines(report, offsets):
    """The same text twice: what is explained of the one may be wrong of the other."""
    lines = {}
    for place in reached_places(offsets):
        lines.setdefault(place[:2], set()).add(place[2])
    file, text = next(place for place, numbers in sorted(lines.items()) if len(numbers) > 1)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    done, _ = report(record(offsets), f'["{file}"]\n"{escaped}" = "one of them"\n')
    assert done.returncode == 1
    assert f"explains several lines at once: {file}: {text}\n" in done.stderr


# Three ways out, each with an edge, and one in.
C = """
extern int a(int *p), b(int *p);
int f(int *p, int n)
{
	if (n > 3)
		return a(p);
	if (n < 0)
		return b(p + *p);
	return p[n];
}
"""


def test_the_last_edge_of_a_function_in_c(tmp_path):
    """What is called if an access is bad comes after it, and has no edge of its own."""
    (tmp_path / "x.c").write_text(C)
    subprocess.run(
        [
            *("clang-19", "-O2", "-c", "-o", "x.o", "x.c", "-fsanitize=kernel-address"),
            *("-mllvm", "-asan-instrumentation-with-call-threshold=10000"),
            "-fsanitize-coverage=trace-pc",
        ],
        cwd=tmp_path,
        check=True,
    )
    said = subprocess.run(
        ["objdump", "-dr", tmp_path / "x.o"], capture_output=True, text=True, check=True
    ).stdout
    calls = said.count("__sanitizer_cov_trace_pc")
    assert "__asan_report_" in said[said.rindex("__sanitizer_cov_trace_pc") :]
    assert calls > 3
    assert len(list(COVERAGE.edges(tmp_path / "x.o"))) == calls


def test_nothing_recorded(report):
    done, result = report([])
    assert done.returncode == 1
    assert "nothing was recorded" in done.stderr
    assert result is None

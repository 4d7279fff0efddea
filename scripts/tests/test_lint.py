# SPDX-License-Identifier: GPL-2.0
"""Style and common mistakes, of every language in here. `make lint` runs just these."""

import os
import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
STOCK = Path(os.environ["STOCK"])
KDIR = Path(os.environ["STOCK_KDIR"])
TOOLS = Path(os.environ["PYTHON_TOOLS"])

NOT_OURS = {"build", ".git", "target", "__pycache__"}


def files(*patterns, below="."):
    """The project's files that match, as paths below its top."""
    found = set()
    for pattern in patterns:
        for path in (TOP / below).rglob(pattern):
            relative = path.relative_to(TOP)
            if path.is_file() and not NOT_OURS & set(relative.parts):
                found.add(relative)
    return sorted(found)


def module_rust():
    return [Path("rust_sysdemo.rs"), *files("*.rs", below="rust_sysdemo")]


def scripts(interpreter):
    """The project's scripts by their first line."""
    return [
        path
        for path in files("*")
        if (TOP / path).open("rb").readline().rstrip().endswith(interpreter.encode())
    ]


def run(*command, **environment):
    """Runs a linter; what it says is the failure's message."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=TOP,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"{command[0]}:\n{done.stdout}", pytrace=False)
    return done.stdout


def test_rustfmt():
    sources = [*module_rust(), *files("*.rs", below="qemu/test-modules")]
    run("rustfmt", "--check", "--config-path", TOP / ".rustfmt.toml", *sources)


RUST = "userspace-test/rust/Cargo.toml"


def test_rustfmt_of_userspace():
    run("cargo", "fmt", "--all", "--manifest-path", RUST, "--check")


def test_clippy_of_userspace():
    run(
        *("cargo", "clippy", "--quiet", "--locked", "--workspace", "--all-targets"),
        *("--manifest-path", RUST),
        # As scripts/in-root/build.mk builds it: the engine in C++ is compiled once for both.
        *("--release", "--target", "x86_64-unknown-linux-gnu"),
        *("--target-dir", TOP / "build/userspace/cargo", "--", "-D", "warnings"),
        CARGO_HOME="/cache/cargo",
        RUSTFLAGS="-C target-feature=+crt-static",
    )


def test_rustfmt_settings_are_the_kernels():
    ours, kernels = (
        [line for line in path.read_text().splitlines() if "=" in line and line[0] != "#"]
        for path in (TOP / ".rustfmt.toml", next(STOCK.glob("usr/src/*-common/.rustfmt.toml")))
    )
    assert ours == kernels


@pytest.mark.parametrize(
    ("name", "folder"),
    [("module", "."), ("test-modules", "qemu/test-modules"), ("c-twin", "c-twin")],
)
def test_clippy(name, folder):
    """With the kernel's lints and its .clippy.toml, which the headers were completed by."""
    run(
        *("make", "-C", KDIR, f"M={TOP / folder}", f"MO={TOP}/build/clippy-{name}", "CLIPPY=1"),
        *("KRUSTFLAGS=-Dwarnings", "KCFLAGS=-Werror", "modules"),
    )


def test_checkpatch():
    sources = [*files("*.rs", "*.c", "*.h"), Path("Kbuild")]
    out = run(
        *("perl", STOCK / "tools/checkpatch.pl", "--no-tree", "--strict", "--terse"),
        *("--show-types", "--no-summary", "--file"),
        *sources,
    )
    assert not out.strip(), out


def test_shellcheck():
    run("shellcheck", *scripts("bash"), *scripts("/bin/sh"), Path("scripts/common.sh"))


def test_ruff():
    # Programs in Python without an ending are found by their first line.
    run(TOOLS / "bin/ruff", "check", "--no-cache", ".", *scripts("python3"))


def test_ruff_format():
    run(TOOLS / "bin/ruff", "format", "--no-cache", "--check", "--diff", ".", *scripts("python3"))


def code_of(text):
    """Rust without its comments, strings and characters."""
    raw = r'r(?P<marks>#*)".*?"(?P=marks)'
    return re.sub(
        rf'//[^\n]*|/\*.*?\*/|{raw}|"(?:\\.|[^"\\])*"|\'(?:\\[^\']+|\\\'|[^\'\\])\'',
        "",
        text,
        flags=re.S,
    )


def test_unsafe_is_only_in_bridge():
    for path in module_rust():
        if path.parts[:2] != ("rust_sysdemo", "bridge"):
            found = re.search(r"\bunsafe\b", code_of((TOP / path).read_text()))
            assert not found, f"{path} uses unsafe: that belongs into rust_sysdemo/bridge/"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("unsafe { x() }", True),
        ("a(); unsafe impl Send for T {}", True),
        ("// unsafe { x() }", False),
        ('pr_info!("unsafe");', False),
        ("not_unsafe();", False),
        ("""b'"'; unsafe { x() } let b = b'"';""", True),
        (r"""let s = r"\"; unsafe { x() } let t = "";""", True),
        ("""let s = r#"unsafe " "#; x();""", False),
        ("fn f<'a>(x: &'a u8) { unsafe { x() } }", True),
    ],
)
def test_unsafe_would_be_found(text, found):
    assert bool(re.search(r"\bunsafe\b", code_of(text))) == found


def test_every_source_has_a_license():
    for path in files("*.rs", "*.c", "*.h", "*.py", "*.mk") + scripts("bash") + scripts("/bin/sh"):
        # Buildroot wants a heading of its own at the top of a package.
        lines = 7 if path.suffix == ".mk" else 2
        head = (TOP / path).read_text().splitlines()[:lines]
        assert any("SPDX-License-Identifier: GPL-2.0" in line for line in head), path

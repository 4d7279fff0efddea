# SPDX-License-Identifier: GPL-2.0
"""What our own kernels are asked for is what there is: by names in the kernel's source.

The kernel that notices data races is not built by `make check`; here it is seen at least that no
name in its files has gone. The source that is left of the debug kernel's build is the same.
"""

import os
import re
from pathlib import Path

import pytest
from guests import TOP

SOURCE = Path(os.environ["DEBUG_IMAGE"]).parent
OPTIONS = re.findall(
    r"^(?:# )?CONFIG_(\w+)", (TOP / "qemu/kernel/kcsan.fragment").read_text(), re.M
)
WORDS = re.findall(r"\bkcsan\.(\w+)=", (TOP / "qemu/kernel/kcsan.cmdline").read_text())


@pytest.fixture(scope="module")
def known():
    """The options that the kernel has."""
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("arch/x86", "init", "kernel", "lib")
        for path in (SOURCE / folder).rglob("Kconfig*")
    )
    return set(re.findall(r"^\s*(?:menu)?config (\w+)$", text, re.M))


@pytest.mark.parametrize("option", OPTIONS)
def test_options_exist(known, option):
    assert option in known


def test_there_are_options():
    assert "KCSAN" in OPTIONS


@pytest.mark.parametrize("word", WORDS)
def test_words_exist(word):
    core = (SOURCE / "kernel/kcsan/core.c").read_text(encoding="utf-8")
    assert f"module_param_named({word}, " in core


def test_rustc_can_be_told():
    """The place where build-kernel tells of a sanitizer more is there, once."""
    recipe = (TOP / "scripts/in-root/build-kernel").read_text(encoding="utf-8")
    place = re.search(r"sed -i 's/(.*?)/&", recipe)[1]
    target = (SOURCE / "scripts/generate_rust_target.rs").read_text(encoding="utf-8")
    assert len(re.findall(place, target)) == 1

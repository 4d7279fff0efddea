# SPDX-License-Identifier: GPL-2.0
"""What the tests of the harness share."""

import os

import pytest
from guests import TOP, Guests


@pytest.fixture
def boot(tmp_path):
    """Boots a guest of the stock kernel."""
    return Guests(tmp_path)


def lane(folder, name):
    """Boots guests of one of our own kernels."""
    words = (TOP / f"qemu/kernel/{name}.cmdline").read_text(encoding="utf-8").splitlines()
    return Guests(
        folder,
        image=os.environ[f"{name.upper()}_IMAGE"],
        release=os.environ[f"{name.upper()}_RELEASE"],
        module=TOP / f"build/module-{name}/sysdemo.ko",
        append=" ".join(line for line in words if not line.startswith("#")),
        options=("--memory", "1024"),
    )


@pytest.fixture(scope="module")
def boot_once(tmp_path_factory):
    """Boots a guest of the stock kernel that several tests ask about."""
    return Guests(tmp_path_factory.mktemp("guest"))


@pytest.fixture
def boot_debug(tmp_path):
    """Boots a guest of the debug kernel."""
    return lane(tmp_path, "debug")


@pytest.fixture(scope="module")
def boot_debug_once(tmp_path_factory):
    """Boots a guest of the debug kernel that several tests ask about."""
    return lane(tmp_path_factory.mktemp("guest"), "debug")


@pytest.fixture
def boot_kcsan(tmp_path):
    """Boots a guest of the kernel that notices data races."""
    return lane(tmp_path, "kcsan")

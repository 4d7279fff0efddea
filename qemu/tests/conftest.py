# SPDX-License-Identifier: GPL-2.0
"""What the tests of the harness share."""

import os

import pytest
from guests import TOP, Guests


@pytest.fixture
def boot(tmp_path):
    """Boots a guest of the stock kernel."""
    return Guests(tmp_path)


@pytest.fixture
def boot_debug(tmp_path):
    """Boots a guest of the debug kernel."""
    return Guests(
        tmp_path,
        image=os.environ["DEBUG_IMAGE"],
        release=os.environ["DEBUG_RELEASE"],
        module=TOP / "build/module-debug/sysdemo.ko",
        append="no5lvl",
        options=("--memory", "1024"),
    )

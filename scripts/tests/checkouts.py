# SPDX-License-Identifier: GPL-2.0
"""Copies of this checkout, for tests that build in one or look at what is built there."""

import shutil
from pathlib import Path

TOP = Path(__file__).parents[2]


def copy_checkout(folder):
    """Copies what is not built, and gives the copy."""

    def left_out(path, _):
        return ("build", ".git") if Path(path) == TOP else ()

    return Path(shutil.copytree(TOP, folder, ignore=left_out))

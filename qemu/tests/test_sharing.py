# SPDX-License-Identifier: GPL-2.0
"""Without a plugin of QEMU to tell what calls share, it is not said that they share nothing.

That it is noticed if they share something, the program tests itself.
"""

from guests import TOP

START = '#!/bin/sh\nexec /usr/lib/sysdemo/sharing "$@"\n'


def test_without_the_plugin_it_fails(boot):
    program = TOP / "build/userspace/sharing/sharing"
    status, said = boot({"sharing": START}, files=[program])
    assert status == 1, said
    assert "this needs QEMU's plugin" in said

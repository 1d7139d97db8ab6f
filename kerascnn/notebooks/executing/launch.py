"""Starts a kernel that listens on no port; a script of its own, so that no module beside a notebook is taken for another.

ipykernel opens one on 127.0.0.1 whatever its transport is, for what forked processes print.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    del sys.path[0]  # this folder; the notebook's own is added by IPython
    from ipykernel import kernelapp
    from ipykernel.iostream import IOPubThread

    class WithoutPort(IOPubThread):
        """Sends what the kernel prints, and nothing for its forks."""

        def __init__(self, socket, pipe=False, **settings):
            super().__init__(socket, pipe=False, **settings)

    kernelapp.IOPubThread = WithoutPort  # type: ignore[misc, assignment]
    kernelapp.launch_new_instance()

"""Stopping the child processes of tests."""

from __future__ import annotations

import signal
import subprocess


def stop(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """Send a signal until the process has ended, and give what it wrote to stderr.

    Python drops a KeyboardInterrupt that is raised inside a `__del__`, and tensors have one: as at the keyboard,
    Ctrl-C may have to be pressed again.
    """
    for _ in range(60):
        process.send_signal(number)
        try:
            return process.communicate(timeout=1)[1]
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    process.communicate()
    raise AssertionError(f"the process did not end on {number.name}")

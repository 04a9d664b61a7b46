"""Runs a command on a terminal of its own, presses Ctrl-C once it has shown a text, and prints all it showed.

Usage: press_ctrl_c.py TEXT COMMAND...
"""

import os
import pty
import sys

text, command = sys.argv[1].encode(), sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
shown, is_pressed = b"", False
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:  # Linux says so that the other end is closed
        break
    if not part:
        break
    shown += part
    if not is_pressed and text in shown:
        os.write(terminal, b"\x03")
        is_pressed = True
sys.stdout.buffer.write(shown)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

"""Interrupts a training cell through the kernel's channel, as Jupyter's stop button does, and says what is left.

Usage: interrupt_cell.py FOLDER   (of the notebook, for the kernel)
Reads from stdin a JSON list: the cells to run first, the cell to interrupt, a text in its output after which it
is interrupted, and a cell to run then. Writes {"interrupted": [outputs], "after": [outputs]} to stdout.
"""

import json
import sys
import time

from jupyter_client.manager import KernelManager

TIMEOUT = 120


def run(client, source, interrupt=None):
    """Runs a cell, and gives the texts that it showed and its error, if any."""
    sent = client.execute(source)
    texts, deadline = [], time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        message = client.get_iopub_msg(timeout=TIMEOUT)
        if message["parent_header"].get("msg_id") != sent:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "status" and content["execution_state"] == "idle":
            return texts
        if kind == "error":
            texts.append(f"{content['ename']}: {content['evalue']}")
        text = content.get("data", {}).get("text/plain", "") or content.get("text", "")
        if text:
            texts.append(text)
        if interrupt and interrupt["text"] in text:
            interrupt["kernel"].interrupt_kernel()
            interrupt = None
    raise TimeoutError(source)


def main(folder):
    before, cell, text, after = json.load(sys.stdin)
    kernel = KernelManager(kernel_name="deno")
    kernel.start_kernel(cwd=folder)
    client = kernel.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=TIMEOUT)
        for source in before:
            run(client, source)
        interrupted = run(client, cell, {"text": text, "kernel": kernel})
        is_alive = kernel.is_alive()
        print(json.dumps({"interrupted": interrupted, "after": run(client, after) if is_alive else ["the kernel died"]}))
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)


main(sys.argv[1])

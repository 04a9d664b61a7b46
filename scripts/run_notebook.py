"""Runs a notebook from first to last cell in its kernel, shows live what it shows, saves it and a page of it.

Usage: run_notebook.py NOTEBOOK OUTPUT_FOLDER
"""

import os
import signal
import sys
import time
from pathlib import Path
from queue import Empty

signal.signal(signal.SIGINT, signal.SIG_DFL)  # the imports take a second, and end at Ctrl-C without a traceback

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter

IS_TERMINAL = sys.stderr.isatty()


class LiveClient(NotebookClient):
    """A client that writes text outputs to stderr as they come, and an updated display at most every 5 s."""

    shown_at = 0.0

    @property
    def is_interrupted(self):
        return hasattr(self, "_async_cleanup_kernel_future")  # which nbclient sets at Ctrl-C

    async def _async_cleanup_kernel(self):
        if self.km is not None:  # nbclient calls this at Ctrl-C, and at the end again
            await super()._async_cleanup_kernel()

    def process_message(self, msg, cell, cell_index):
        content, kind = msg["content"], msg["msg_type"]
        if kind == "stream":
            show(content["text"].rstrip())
        elif kind in ("execute_result", "display_data"):
            show(content["data"].get("text/plain", ""))
        elif kind == "update_display_data":
            now = time.monotonic()
            if now - self.shown_at > (0.1 if IS_TERMINAL else 5):
                self.shown_at = now
                text = content["data"].get("text/plain", "")
                show(f"\r\x1b[2K{text}" if IS_TERMINAL else text, end="" if IS_TERMINAL else "\n")
        return super().process_message(msg, cell, cell_index)

    async def _async_poll_output_msg(self, parent_msg_id, cell, cell_index):
        await super()._async_poll_output_msg(parent_msg_id, cell, cell_index)
        # Deno's kernel may send an output after it has said that the cell is done.
        try:
            while True:
                msg = await self.kc.iopub_channel.get_msg(timeout=0.1)
                if msg["parent_header"].get("msg_id") == parent_msg_id:
                    self.process_message(msg, cell, cell_index)
        except Empty:
            pass


def show(text, end="\n"):
    if text:
        print(text, end=end, file=sys.stderr, flush=True)


def headings(notebook):
    """For each code cell, the last heading above it."""
    title, titles = "", []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            title = next((line.lstrip("# ") for line in cell.source.splitlines() if line.startswith("#")), title)
        titles.append(title)
    return titles


def write(path, text):
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def main(source, folder):
    source, folder = Path(source).resolve(), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.read(source, as_version=4)
    titles = headings(notebook)

    def on_cell_start(cell, cell_index):
        if cell.cell_type == "code":
            show(f"\n[{cell_index + 1}/{len(titles)}] {titles[cell_index]}")

    client = LiveClient(
        notebook,
        timeout=None,
        kernel_name="deno",
        resources={"metadata": {"path": str(source.parent)}},
        on_cell_start=on_cell_start,
        shutdown_kernel="immediate",  # it has nothing to save
    )
    try:
        client.execute()
    except CellExecutionError as error:
        sys.exit(f"error: the notebook stopped at «{titles_of(error, notebook, titles)}»: {error.ename}: {error.evalue}")
    except DeadKernelError:
        if client.is_interrupted:
            sys.exit(130)
        sys.exit("error: the Deno kernel died while the notebook ran: is there enough memory?")
    page = HTMLExporter(require_js_url="", jquery_url="", mathjax_url="", mermaid_js_url="", mermaid_layout_elk_js_url="", widget_renderer_url="")
    html, _ = page.from_notebook_node(notebook, {"metadata": {"name": source.stem}})
    write(folder / source.name, nbformat.writes(notebook))
    write(folder / f"{source.stem}.html", html)


def titles_of(error, notebook, titles):
    failed = [i for i, cell in enumerate(notebook.cells) if any(o.output_type == "error" for o in cell.get("outputs", []))]
    return titles[failed[0]] if failed else ""


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)

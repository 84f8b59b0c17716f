"""`python -m docs.picture`: the picture of the workbench in the README, taken of the running demo.

Needs Chromium. The sample's days follow today, so the picture is of the day on which it was taken.
"""

import shutil
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, FloatRect, Locator, sync_playwright

from cds_service.serving import SAMPLE_TO_TRY

FILE = Path(__file__).with_name("workbench.png")
WIDTH = 1040  # CSS px; a README is shown some 830 wide
HEAD, BELOW = 578, 8  # px: the top of the page; what is seen below the words under the picture
START_S = 30.0


def main() -> int:
    """Take the picture; exit status 2 where there is no Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is needed to take the picture.", file=sys.stderr)  # noqa: T201 - a command line speaks
        return 2
    with demo() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        FILE.write_bytes(taken(browser, base))
        browser.close()
    print(f"{FILE.name}: {FILE.stat().st_size // 1000} kB")  # noqa: T201
    return 0


def taken(browser: Browser, base: str) -> bytes:
    """The top of a patient's page, and the picture of the pathway from further below, as one PNG."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
    page.goto(f"{base}/?sample={SAMPLE_TO_TRY}", wait_until="load")
    top = page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": HEAD})
    section = page.locator("section[aria-labelledby=picture-title]")
    pathway = page.screenshot(full_page=True, clip=_until(section, section.locator("figcaption")))
    frame = browser.new_page(viewport={"width": WIDTH, "height": 100}, color_scheme="light")
    frame.set_content(
        "<body style='margin:0;background:#fdfdfb'>"
        + "<hr style='margin:16px 26px;border:0;border-top:2px dashed #9aa3ad'>".join(
            f"<img style='display:block' src='data:image/png;base64,{b64encode(image).decode()}'>"
            for image in (top, pathway)
        )
    )
    return frame.screenshot(full_page=True)


def _until(section: Locator, caption: Locator) -> FloatRect:
    """From the heading to the end of the words below the drawing."""
    begin, end = section.bounding_box(), caption.bounding_box()
    if begin is None or end is None:
        raise LookupError("the page shows no picture")
    height = end["y"] + end["height"] + BELOW - begin["y"]
    return {"x": 0, "y": begin["y"], "width": WIDTH, "height": height}


@contextmanager
def demo() -> Iterator[str]:
    """Base URL of a demo with a store of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "cds_service.cli", "demo", "--port", str(port)]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(f"http://127.0.0.1:{port}/readyz")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for(url: str) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            with urlopen(url, timeout=5):  # noqa: S310 - our own address
                return
        except URLError:
            time.sleep(0.1)
    raise TimeoutError("the demo did not start")


if __name__ == "__main__":
    sys.exit(main())

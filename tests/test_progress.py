"""What commands show of work that takes its time, on terminals and elsewhere."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from hognose.console import Console
from hognose.display import Display
from hognose.progress import InstallProgress, RepodataProgress, install_progress, spinner
from support.channel_server import ChannelServer
from support.toy_channel import write_channel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals of Unix")


class Screen:
    """A terminal, and what was written on it."""

    def __init__(self):
        self.shown = ""
        self._changed = threading.Condition()
        self._master, self.slave = os.openpty()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self):
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:
                return
            with self._changed:
                self.shown += data.decode(errors="replace")
                self._changed.notify_all()

    def wait_for(self, text):
        with self._changed:
            assert self._changed.wait_for(lambda: text in self.shown, timeout=20), self.shown

    def close(self):
        os.close(self.slave)
        self._thread.join()
        os.close(self._master)


@pytest.fixture
def screen():
    screen = Screen()
    yield screen
    screen.close()


@contextmanager
def console_on(screen, **options):
    with open(screen.slave, "w", encoding="utf-8", closefd=False) as err:
        yield Console(out=io.StringIO(), err=err, **options)


def assert_nothing_is_drawn(console):
    """Nothing is on the screen, and nothing will be: what draws ends by itself."""
    assert [] == console.display._bars
    for each in threading.enumerate():
        if type(each).__name__ in {"_RefreshThread", "Timer"}:
            each.join(20)
            assert not each.is_alive()


def test_what_is_under_way_is_drawn_in_one_place(screen):
    with console_on(screen) as console:
        reporter = RepodataProgress(console)
        with spinner(console, "solving"), install_progress(console) as installing:
            subdir = reporter.on_subdir_start("https://example.com/c/", "noarch")
            download = reporter.on_repodata_download_start(subdir, "https://example.com/x", 100)
            reporter.on_repodata_download_progress(download, 30, 100)
            reporter.on_shards_progress(1, 4)
            installing.on_transaction_start(10)
            for text in ("solving", "repodata", "30%", "names", "25%", "fetch", "link"):
                screen.wait_for(text)
            reporter.on_repodata_download_progress(download, 90, 100)
            screen.wait_for("90%")
            reporter.on_subdir_complete(subdir, "server")
            reporter.on_shards_complete(4, 0)
        assert_nothing_is_drawn(console)
        # The cursor is back, and the last thing that was drawn is gone.
        screen.wait_for("\x1b[?25h")


def test_a_server_that_says_nothing_is_seen_to_be_waited_for(screen):
    with console_on(screen) as console:
        reporter = RepodataProgress(console)
        reporter.on_subdir_start("https://example.com/c/", "noarch")
        screen.wait_for("repodata")
        reporter.close()
    assert_nothing_is_drawn(console)


def test_what_fails_is_not_drawn_any_more(screen):
    with console_on(screen) as console:
        reporter = RepodataProgress(console)
        subdir = reporter.on_subdir_start("https://example.com/c/", "noarch")
        screen.wait_for("repodata")
        reporter.on_subdir_failed(subdir)
    assert_nothing_is_drawn(console)


def test_what_is_over_at_once_draws_nothing_and_loads_nothing():
    script = """if True:
        import io, sys
        from hognose.console import Console
        from hognose.progress import RepodataProgress, spinner
        console = Console(err=open("/dev/tty", "w"))
        reporter = RepodataProgress(console)
        with spinner(console, "solving"):
            reporter.on_subdir_complete(reporter.on_subdir_start("c", "noarch"), "cache")
        print(console.is_interactive, "rich" in sys.modules)
    """
    screen = Screen()

    def take_terminal():
        import fcntl
        import termios

        os.setsid()
        fcntl.ioctl(screen.slave, termios.TIOCSCTTY, 0)

    done = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=take_terminal,
    )
    screen.close()
    assert "True False\n" == done.stdout
    assert "" == screen.shown


def test_what_comes_after_something_that_was_over_is_drawn_again(screen):
    with console_on(screen) as console:
        for text in ("first", "second"):
            with spinner(console, text):
                screen.wait_for(text)
    assert_nothing_is_drawn(console)


@pytest.mark.parametrize("kind", [RepodataProgress, InstallProgress])
def test_a_quiet_console_shows_no_bars(screen, kind):
    with console_on(screen, quiet=True) as console:
        assert Display.of(console) is None
        reporter = kind(console)
        if kind is RepodataProgress:
            reporter.on_subdir_start("c", "noarch")
        else:
            reporter.on_transaction_start(1)
        assert console.display is None


@pytest.fixture
def server(tmp_path):
    with ChannelServer(write_channel(tmp_path / "channel", "zst")) as server:
        yield server


def environment(tmp_path):
    return {"HOME": str(tmp_path), "TERM": "xterm", "RATTLER_CACHE_DIR": str(tmp_path / "cache")}


def search(url, *words):
    command = [sys.executable, "-m", "hognose.cli", "search", "app", "-c", url]
    return [*command, "--platform", "linux-64", *words]


def test_a_command_shows_how_much_repodata_has_come(server, screen, tmp_path):
    document = "noarch/repodata.json.zst"
    size = (tmp_path / "channel" / document).stat().st_size
    server.stall(document, after=size // 2, times=None)
    with subprocess.Popen(
        search(server.url),
        env=environment(tmp_path),
        stdin=screen.slave,
        stdout=screen.slave,
        stderr=screen.slave,
    ) as process:
        screen.wait_for("repodata")
        process.send_signal(signal.SIGINT)
        assert 130 == process.wait()
    screen.wait_for("interrupted")
    assert "Traceback" not in screen.shown


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], []),
        (["--quiet"], []),
        (["--json"], []),
        (["--json", "--verbose"], ["linux-64: fetched", "noarch: fetched"]),
        (["--verbose"], ["linux-64: fetched", "noarch: fetched"]),
    ],
    ids=" ".join,
)
def test_what_is_no_terminal_gets_lines_where_they_are_asked_for(server, tmp_path, words, expected):
    done = subprocess.run(
        search(server.url, *words),
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.strip().rpartition("/")[2] for line in done.stderr.splitlines()]
    assert expected == sorted(line for line in lines if line.endswith(": fetched"))
    assert bool(expected) == bool(lines)


def test_what_is_said_while_bars_are_drawn_stands_above_them(screen):
    with console_on(screen) as console, spinner(console, "solving"):
        screen.wait_for("solving")
        console.warn("mind the gap")
        screen.wait_for("mind the gap")
    before, _, after = screen.shown.partition("mind the gap\r\n")
    # The line was emptied before, and what was on it is drawn again below.
    assert "solving" not in before.rpartition("\x1b[2K")[2]
    assert "solving" in after
    assert_nothing_is_drawn(console)


def test_verbosely_there_are_lines_and_no_bars(screen):
    with console_on(screen, verbose=True) as console:
        assert Display.of(console) is None

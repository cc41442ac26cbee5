"""Real proxies: squid and tinyproxy, with logins, in front of plain and TLS channels."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest

from hognose.errors import NetworkError
from hognose.net import Client, ProxySettings, TlsSettings
from hognose.repodata import Gateway
from support.channel_server import ChannelServer
from support.peer_process import find_program, free_port, make_certificates, running
from support.repodata_files import entry, repodata, write_repodata

pytestmark = pytest.mark.slow


class Proxy(NamedTuple):
    """A proxy that wants the login `me` with the password `hunter2`."""

    host: str
    name: str

    def url(self, login="me:hunter2@"):
        return f"http://{login}{self.host}"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


def start_squid(folder):
    squid = find_program("squid", "Debian's `squid`")
    helper = "/usr/lib/squid/basic_ncsa_auth"
    port = free_port()
    openssl = find_program("openssl", "Debian's `openssl`")
    digest = subprocess.run(
        [openssl, "passwd", "-apr1", "hunter2"], capture_output=True, text=True, check=True
    ).stdout
    (folder / "passwords").write_text(f"me:{digest}")
    (folder / "squid.conf").write_text(
        f"http_port 127.0.0.1:{port}\n"
        f"auth_param basic program {helper} {folder}/passwords\n"
        "acl known proxy_auth REQUIRED\n"
        "http_access allow known\n"
        "http_access deny all\n"
        "cache deny all\n"
        "via on\n"
        f"access_log stdio:{folder}/access.log\n"
        f"cache_log {folder}/cache.log\n"
        f"pid_filename {folder}/squid.pid\n"
        f"coredump_dir {folder}\n"
        "pinger_enable off\n"
        "shutdown_lifetime 0 seconds\n"
        "max_filedescriptors 1024\n"
    )
    return [squid, "-N", "-f", f"{folder}/squid.conf"], port


def start_tinyproxy(folder):
    tinyproxy = find_program("tinyproxy", "Debian's `tinyproxy`")
    port = free_port()
    (folder / "tinyproxy.conf").write_text(
        f"Port {port}\nListen 127.0.0.1\nTimeout 60\nBasicAuth me hunter2\n"
        f'LogFile "{folder}/access.log"\nLogLevel Connect\nMaxClients 100\n'
    )
    return [tinyproxy, "-d", "-c", f"{folder}/tinyproxy.conf"], port


@pytest.fixture(scope="module", params=["squid", "tinyproxy"])
def proxy(request):
    # Not below pytest's own folder, which only its owner may enter: both programs give up being
    # root if they are, and read and write their files afterwards.
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    try:
        command, port = {"squid": start_squid, "tinyproxy": start_tinyproxy}[request.param](folder)
        with running(command, port, log=folder / "output.log"):
            yield Proxy(f"127.0.0.1:{port}", request.param)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(params=["http", "https"])
def channel(request, tmp_path, certificates):
    write_repodata(tmp_path / "channel", repodata(entry("a")), formats=("json", "shards"))
    certificate = certificates / "server.pem" if request.param == "https" else None
    with ChannelServer(tmp_path / "channel", certificate=certificate) as server:
        yield server


def client_through(proxy_url, certificates, **options):
    return Client(
        environ={"ALL_PROXY": proxy_url, "SSL_CERT_FILE": str(certificates / "ca.pem")},
        sleep=lambda _: None,
        **options,
    )


def test_a_channel_is_read_through_a_proxy_that_wants_a_login(proxy, channel, certificates):
    with client_through(proxy.url(), certificates) as client:
        ((record,),) = Gateway(client).query([channel.url], ["noarch"], ["a"])
    assert f"{channel.url}noarch/a-1-0.conda" == record.url
    assert all("hunter2" not in str(request) for request in channel.requests)
    assert all("proxy-authorization" not in request.headers for request in channel.requests)


@pytest.mark.parametrize("login", ["", "me:wrong@"])
def test_a_proxy_that_refuses_is_named_with_what_it_wants(proxy, channel, certificates, login):
    with (
        client_through(proxy.url(login), certificates) as client,
        pytest.raises(NetworkError) as caught,
    ):
        client.get(channel.url + "noarch/repodata.json")
    if (proxy.name, channel.scheme, login) != ("tinyproxy", "http", "me:wrong@"):
        # To a wrong password for a plain request it answers as if it were the server itself.
        assert "USER:PASSWORD" in caught.value.hint
    assert "wrong" not in str(caught.value)
    assert 0 == channel.count()


def test_a_host_that_needs_no_proxy_is_reached_directly(proxy, channel, certificates):
    with Client(
        proxies=ProxySettings(by_scheme={"all": proxy.url("")}, exceptions=("127.0.0.0/8",)),
        tls=TlsSettings(ca_bundle=str(certificates / "ca.pem")),
        environ={},
    ) as client:
        client.get(channel.url + "noarch/repodata.json")
    assert 1 == channel.count()


def test_connections_through_a_proxy_are_used_again(proxy, channel, certificates):
    with client_through(proxy.url(), certificates) as client:
        for _ in range(5):
            client.get(channel.url + "noarch/repodata.json")
    if channel.scheme == "https":
        assert 1 == channel.connection_count


def test_a_channel_that_cannot_be_reached_behind_the_proxy_is_named(proxy, certificates):
    port = free_port()
    with client_through(proxy.url(), certificates, max_retries=1) as client:
        for scheme in ("http", "https"):
            with pytest.raises(NetworkError, match=f"127.0.0.1:{port}"):
                client.get(f"{scheme}://127.0.0.1:{port}/noarch/repodata.json")


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy_carries_both(channel, certificates, scheme, tmp_path):
    pytest.importorskip("socks", reason="PyPI's `pysocks` is not installed")
    program = find_program("microsocks", "Debian's `microsocks`")
    port = free_port()
    command = [program, "-i", "127.0.0.1", "-p", str(port), "-u", "me", "-P", "hunter2"]
    with running(command, port, log=tmp_path / "output.log"):
        url = f"{scheme}://me:hunter2@127.0.0.1:{port}"
        with client_through(url, certificates) as client:
            ((record,),) = Gateway(client).query([channel.url], ["noarch"], ["a"])
        assert f"{channel.url}noarch/a-1-0.conda" == record.url
        wrong = f"{scheme}://me:wrong@127.0.0.1:{port}"
        with (
            client_through(wrong, certificates) as client,
            pytest.raises(NetworkError) as caught,
        ):
            client.get(channel.url + "noarch/repodata.json")
        assert "wrong" not in str(caught.value)


def test_the_command_works_behind_a_proxy(proxy, channel, certificates, tmp_path):
    import os
    import sys

    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "RATTLER_CACHE_DIR": str(tmp_path / "cache"),
        f"{channel.scheme}_proxy": proxy.url(),
        "SSL_CERT_FILE": str(certificates / "ca.pem"),
    }
    command = [sys.executable, "-m", "hognose.cli", "search", "a", "-c", channel.url, "-v"]
    answer = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert 0 == answer.returncode, answer.stderr
    assert "hunter2" not in answer.stdout + answer.stderr

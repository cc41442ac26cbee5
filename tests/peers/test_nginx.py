"""A real nginx: TLS of an authority of one's own, client certificates, logins, ranges, gzip."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from typing import NamedTuple

import pytest

from hognose.cache import open_remote_archive
from hognose.channel import index_channel
from hognose.errors import NetworkError
from hognose.net import Client, TlsSettings
from hognose.repodata import Gateway
from support.package_maker import make_package
from support.peer_process import find_program, free_port, make_certificates, running

pytestmark = pytest.mark.slow

BIG = os.urandom(3 << 20)


class Site(NamedTuple):
    """A channel behind nginx: open, behind a login, behind a client certificate, and slow."""

    folder: object
    plain: str
    tls: str
    strict: str


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    nginx = find_program("nginx", "Debian's `nginx-light`")
    openssl = find_program("openssl", "Debian's `openssl`")
    folder = tmp_path_factory.mktemp("nginx")
    make_certificates(folder)
    channel = folder / "root/channel"
    make_package(
        channel, "a", "1.0", noarch="generic", files={"share/a.txt": "a\n", "share/big": BIG}
    )
    index_channel(channel)
    (folder / "root/big").write_bytes(BIG)
    digest = subprocess.run(
        [openssl, "passwd", "-apr1", "hunter2"], capture_output=True, text=True, check=True
    ).stdout
    (folder / "passwords").write_text(f"me:{digest}")
    plain, tls, strict = free_port(), free_port(), free_port()
    certificate = f"ssl_certificate {folder}/server.crt; ssl_certificate_key {folder}/server.key;\n"
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;\n"
        f"user {getpass.getuser()};\n"
        "events { worker_connections 256; }\n"
        "http {\n"
        f"  access_log {folder}/access.log; root {folder}/root;\n"
        f"  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;\n"
        f"  fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;\n"
        "  types { application/json json; }\n"
        "  gzip on; gzip_types application/json; gzip_min_length 1; gzip_vary on;\n"
        f"  server {{ listen 127.0.0.1:{plain};\n"
        "    location /limited/ { alias "
        f"{folder}/root/; limit_conn few 1; limit_conn_status 429; }}\n"
        f"    location /private/ {{ alias {folder}/root/; auth_basic here;\n"
        f"      auth_basic_user_file {folder}/passwords; }}\n"
        "  }\n"
        "  limit_conn_zone $binary_remote_addr zone=few:1m;\n"
        f"  server {{ listen 127.0.0.1:{tls} ssl http2; {certificate} }}\n"
        f"  server {{ listen 127.0.0.1:{strict} ssl; {certificate}\n"
        f"    ssl_client_certificate {folder}/ca.pem; ssl_verify_client on; }}\n"
        "}\n"
    )
    with running([nginx, "-c", f"{folder}/nginx.conf"], strict, log=folder / "output.log"):
        yield Site(
            folder,
            f"http://127.0.0.1:{plain}/",
            f"https://127.0.0.1:{tls}/",
            f"https://127.0.0.1:{strict}/",
        )


def test_a_channel_is_read_and_its_package_arrives_byte_for_byte(site):
    with Client(environ={}) as client:
        ((record,),) = Gateway(client).query([f"{site.plain}channel"], ["noarch"], ["a"])
        data = client.get(record.url)
    assert (site.folder / "root/channel/noarch" / record.file_name).read_bytes() == data


def test_nothing_is_compressed_on_the_way(site):
    url = f"{site.plain}channel/noarch/repodata.json"
    with Client(environ={}) as client, client.open(url) as response:
        assert "content-encoding" not in response.headers
        assert response.length == len(response.read())


def test_a_package_is_looked_into_without_being_downloaded(site):
    with Client(environ={}) as client:
        name = next(path.name for path in (site.folder / "root/channel/noarch").glob("a-*.conda"))
        with open_remote_archive(f"{site.plain}channel/noarch/{name}", client) as archive:
            assert "a" == archive.index_json().name
    sent = [
        int(line.split()[9])
        for line in (site.folder / "access.log").read_text().splitlines()
        if name in line and " 206 " in line
    ]
    assert sent
    assert sum(sent) < len(BIG) / 10


def test_an_offset_and_a_range_are_understood(site):
    with Client(environ={}) as client:
        with client.open(f"{site.plain}big", offset=1 << 20) as response:
            assert 206 == response.status
            assert BIG[1 << 20 :] == response.read()
        with client.open(f"{site.plain}big", headers={"Range": "bytes=-100"}) as response:
            assert BIG[-100:] == response.read()
        with client.open(f"{site.plain}big", offset=len(BIG)) as response:
            assert b"" == response.read()


def test_a_document_that_has_not_changed_is_not_sent(site):
    with Client(environ={}) as client:
        with client.open(f"{site.plain}big") as response:
            fields = {
                "If-None-Match": response.headers["etag"],
                "If-Modified-Since": response.headers["last-modified"],
            }
        for name, value in fields.items():
            with client.open(f"{site.plain}big", headers={name: value}) as response:
                assert 304 == response.status


def test_a_login_opens_what_it_guards(site):
    with Client(environ={}) as client:
        with pytest.raises(NetworkError, match="status 401"):
            client.get(f"{site.plain}private/big")
        url = site.plain.replace("//", "//me:hunter2@")
        assert BIG == client.get(f"{url}private/big")


def test_an_authority_of_ones_own_is_trusted_where_it_is_named(site):
    with Client(environ={"SSL_CERT_FILE": f"{site.folder}/ca.pem"}) as client:
        assert BIG == client.get(f"{site.tls}big")
    with Client(environ={}) as client, pytest.raises(NetworkError, match="TLS does not work"):
        client.get(f"{site.tls}big")


def test_a_folder_of_certificates_is_trusted(site, tmp_path):
    openssl = find_program("openssl", "Debian's `openssl`")
    (tmp_path / "ca.pem").write_bytes((site.folder / "ca.pem").read_bytes())
    subprocess.run([openssl, "rehash", str(tmp_path)], check=True, capture_output=True)
    with Client(environ={"SSL_CERT_DIR": str(tmp_path)}) as client:
        assert BIG == client.get(f"{site.tls}big")


@pytest.mark.parametrize("is_split", [False, True])
def test_a_client_certificate_opens_what_it_guards(site, is_split):
    bundle = f"{site.folder}/ca.pem"
    pair = ("client.crt", "client.key") if is_split else ("client.pem", None)
    files = [None if name is None else f"{site.folder}/{name}" for name in pair]
    tls = TlsSettings(ca_bundle=bundle, client_certificate=files[0], client_key=files[1])
    with Client(environ={}, tls=tls) as client:
        assert BIG == client.get(f"{site.strict}big")
    with (
        Client(environ={}, tls=TlsSettings(ca_bundle=bundle)) as client,
        pytest.raises(NetworkError, match="status 400"),
    ):
        client.get(f"{site.strict}big")


def test_the_settings_of_conda_reach_the_server(site, tmp_path):
    (tmp_path / ".condarc").write_text(
        f"ssl_verify: {site.folder}/ca.pem\nclient_ssl_cert: {site.folder}/client.crt\n"
        f"client_ssl_cert_key: {site.folder}/client.key\n"
    )
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "RATTLER_CACHE_DIR": str(tmp_path / "cache"),
    }
    command = [
        *(sys.executable, "-m", "hognose.cli", "create", "-p", str(tmp_path / "env"), "a"),
        *("-c", f"{site.strict}channel", "--yes"),
    ]
    answer = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert 0 == answer.returncode, answer.stderr
    assert BIG == (tmp_path / "env/share/big").read_bytes()

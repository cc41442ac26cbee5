"""A server that imitates Google Cloud Storage (PyPI's `gcp-storage-emulator`)."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from hognose.channel import index_channel
from hognose.errors import NotFoundError
from hognose.net import Client, Request
from hognose.repodata import Gateway
from support.package_maker import make_package
from support.peer_process import find_program, free_port, running

pytestmark = pytest.mark.slow


def test_a_channel_is_read_from_a_bucket(tmp_path):
    program = find_program("gcp-storage-emulator", "PyPI's `gcp-storage-emulator`")
    port = free_port()
    folder = tmp_path / "channel"
    make_package(folder, "a", "1.0+x", noarch="generic", files={"share/a.txt": "a\n"})
    index_channel(folder)
    (package,) = (folder / "noarch").glob("*.conda")
    endpoint = f"http://127.0.0.1:{port}"
    command = [
        *(program, "start", "--host=127.0.0.1", f"--port={port}"),
        *("--in-memory", "--default-bucket=conda"),
    ]
    with (
        running(command, port, log=tmp_path / "output.log"),
        Client(environ={"STORAGE_EMULATOR_HOST": endpoint}) as client,
    ):
        for path in (folder / "noarch/repodata.json", package):
            name = quote(f"team/noarch/{path.name}", safe="")
            request = Request(
                url=f"{endpoint}/upload/storage/v1/b/conda/o?uploadType=media&name={name}",
                method="POST",
                headers={"Content-Type": "application/octet-stream"},
                body=path.read_bytes(),
            )
            with client.send(request) as answer:
                assert 200 == answer.status
        ((record,),) = Gateway(client).query(["gs://conda/team"], ["noarch"], ["a"])
        assert f"gs://conda/team/noarch/{package.name}" == record.url
        assert package.read_bytes() == client.get(record.url)
        with client.open(record.url, offset=10) as response:
            assert package.read_bytes()[10:] == response.read()
        with pytest.raises(NotFoundError):
            client.get("gs://conda/team/noarch/b-1-0.conda")

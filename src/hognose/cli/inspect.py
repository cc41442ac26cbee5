"""`hognose inspect`.

Show what is in a package archive, without extracting it: its metadata, where it was built from
(CEP 31), and with `--files` the files it holds. From a URL only the parts that are needed are
fetched, if the server knows ranges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hognose.cli import options
from hognose.cli.open_archive import open_archive

if TYPE_CHECKING:
    import argparse

    from hognose.console import Console


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("archive", help="a .conda or .tar.bz2 file: a path or a URL")
    parser.add_argument("--files", action="store_true", help="list the package's files")
    parser.add_argument("--offline", action="store_true", help="use nothing from the network")
    options.add_output_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Print what the archive holds."""
    with open_archive(arguments.archive, console, offline=arguments.offline) as archive:
        index = archive.index_json()
        about = archive.about_json()
        paths = archive.paths_json()
        link = archive.link_json()
        run_exports = archive.run_exports_json()
        files = archive.list_files("pkg") if arguments.files else []
    if arguments.json:
        from hognose.cli.json_output import print_json

        document: dict[str, Any] = {
            "success": True,
            "index": index,
            "about": about,
            "link": link,
            "run_exports": run_exports,
            "files": len(paths.paths),
        }
        if arguments.files:
            document["paths"] = paths.paths
        print_json(document, console)
        return 0
    extra = about.extra if about else {}
    entry_points = link.noarch.entry_points if link and link.noarch else ()
    facts = [
        ("name", index.name.source),
        ("version", str(index.version)),
        ("build", f"{index.build} (number {index.build_number})"),
        ("subdir", index.subdir or ""),
        ("noarch", str(index.noarch) if index.noarch else ""),
        ("license", index.license or ""),
        ("built", "" if index.timestamp is None else f"{index.timestamp:%Y-%m-%d %H:%M} UTC"),
        ("summary", (about.summary if about else None) or ""),
        ("home", ", ".join(about.home) if about else ""),
        ("source", " ".join(str(extra[key]) for key in ("remote_url", "sha") if extra.get(key))),
        ("depends", "\n".join(index.depends)),
        ("constrains", "\n".join(index.constrains)),
        ("entry points", "\n".join(map(str, entry_points))),
        ("run exports", "\n".join(run_exports.weak) if run_exports else ""),
        ("files", str(len(paths.paths))),
    ]
    for name, text in facts:
        for number, line in enumerate(text.splitlines()):
            console.result(f"  {line}", label=(name if number == 0 else "").ljust(12))
    for file in files:
        console.result(f"  {file}")
    return 0

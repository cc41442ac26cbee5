"""`hognose repoquery`.

Ask channels about packages.

  search SPEC     packages by name, pattern or spec, like `hognose search`
  depends SPEC    what the newest package that matches needs; with `--recursive` all behind it
  whoneeds NAME   which packages need one: a name, a spec, or a virtual package `__glibc=2.17`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.cli import options
from hognose.cli import search as search_command
from hognose.console import counted
from hognose.errors import FetchRepoDataError, UsageError

if TYPE_CHECKING:
    import argparse

    from hognose.cli.session import Session
    from hognose.console import Console
    from hognose.repodata import Dependent
    from hognose.types import MatchSpec, Platform, RepoDataRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION")
    search = commands.add_parser("search", help="packages by name, pattern or spec")
    search_command.configure(search)
    search.set_defaults(run=search_command.execute)
    depends = commands.add_parser("depends", help="what a package needs")
    depends.add_argument("specs", nargs=1, metavar="SPEC", help="a name or spec")
    depends.add_argument(
        "-r", "--recursive", action="store_true", help="follow what that needs, and so on"
    )
    search_command.add_search_options(depends)
    depends.set_defaults(run=_depends)
    whoneeds = commands.add_parser("whoneeds", help="which packages need one")
    whoneeds.add_argument("target", metavar="NAME", help="a name, spec or virtual package")
    whoneeds.add_argument(
        "--latest", action="store_true", help="show only the newest build of each package"
    )
    search_command.add_search_options(whoneeds)
    whoneeds.set_defaults(run=_whoneeds)


def execute(arguments: argparse.Namespace, console: Console) -> int:  # noqa: ARG001  # the seam's signature
    """Say that an action is missing."""
    raise UsageError(
        "no action is named", hint="`hognose repoquery search`, `depends` or `whoneeds`"
    )


def _depends(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.cli.session import Session

    spec = _one_name(arguments.specs[0])
    with Session(arguments, console) as session:
        found = session.gateway.query(
            session.channels,
            _platforms(arguments),
            [str(spec.name.exact)],
            recursive=True,
        )
    by_name: dict[str, list[RepoDataRecord]] = {}
    for tier in found:
        for record in tier:
            by_name.setdefault(record.name, []).append(record)
    root = _newest(spec, by_name)
    if root is None:
        message = f"no package matches `{arguments.specs[0]}`"
        raise FetchRepoDataError(message, hint="`hognose search` shows what there is")
    rows = _walk(root, by_name, is_recursive=arguments.recursive)
    if arguments.json:
        from hognose.cli.json_output import print_json

        dependencies = [{"dependency": text, "newest": record} for text, record in rows]
        document = {"success": True, "package": root, "dependencies": dependencies}
        print_json(document, console)
        return 0
    console.result(f"{root.name} {root.version} {root.build}")
    table = [
        (text, "" if record is None else str(record.version), record.build if record else "")
        for text, record in rows
    ]
    console.table(("needs", "newest", "build"), table)
    return 0


def _newest(spec: MatchSpec, by_name: dict[str, list[RepoDataRecord]]) -> RepoDataRecord | None:
    candidates = by_name.get(str(spec.name.exact), ())
    matching = search_command.sorted_variants(each for each in candidates if spec.matches(each))
    return matching[0] if matching else None


def _walk(
    root: RepoDataRecord, by_name: dict[str, list[RepoDataRecord]], *, is_recursive: bool
) -> list[tuple[str, RepoDataRecord | None]]:
    """Each dependency with the newest package that meets it: what exists, not what is solved."""
    from hognose.types import MatchSpec

    rows: dict[str, RepoDataRecord | None] = {}
    pending = [root]
    seen = {str(root)}
    for record in pending:
        for text in record.depends:
            if text in rows:
                continue
            newest = rows[text] = _newest(MatchSpec(text), by_name)
            if is_recursive and newest is not None and str(newest) not in seen:
                seen.add(str(newest))
                pending.append(newest)
    return list(rows.items())


def _whoneeds(arguments: argparse.Namespace, console: Console) -> int:
    from hognose.cli.session import Session

    with Session(arguments, console) as session:
        found = _dependents(arguments, session)
    by_record: dict[str, list[Dependent]] = {}
    for dependent in found:
        group = by_record.setdefault(f"{dependent.record.channel} {dependent.record}", [])
        if dependent not in group:
            group.append(dependent)
    records = search_command.sorted_variants(
        (group[0].record for group in by_record.values()),
        1 if arguments.latest else arguments.limit,
    )
    shown = [each for record in records for each in by_record[f"{record.channel} {record}"]]
    if arguments.json:
        from hognose.cli.json_output import print_json

        print_json({"success": True, "dependents": shown}, console)
        return 0
    rows = [
        (
            each.record.name,
            str(each.record.version),
            each.record.build,
            each.record.subdir,
            " ".join(filter(None, (each.kind, each.extra or each.run_export_kind))),
            each.dependency,
        )
        for each in shown
    ]
    if rows:
        console.table(
            ("name", "version", "build", "subdir", "through", "dependency"),
            rows,
            least=("subdir", "through"),
        )
    console.success(
        f"{counted(len(records), 'package needs', 'packages need')} `{arguments.target}`"
    )
    return 0


def _dependents(arguments: argparse.Namespace, session: Session) -> list[Dependent]:
    """Who needs a name, a virtual package, or any of the records that a spec stands for."""
    from hognose.types import GenericVirtualPackage, MatchSpec

    text, platforms = arguments.target, _platforms(arguments)
    if text.startswith("__"):
        target = GenericVirtualPackage.parse(text) if "=" in text else text
        return session.gateway.who_needs(session.channels, platforms, target)
    spec = _one_name(text)
    name = str(spec.name.exact)
    found = session.gateway.who_needs(session.channels, platforms, name)
    if not found:
        names = search_command.channel_names(arguments, session)
        if name not in names:
            message = f"there is no package `{name}`, and nothing needs one"
            raise FetchRepoDataError(message, hint=search_command.near_names(name, names))
    if str(spec) == name:
        return found
    tiers = session.gateway.query(session.channels, platforms, [spec], recursive=False)
    records = [record for tier in tiers for record in tier]
    if not records:
        message = f"no package matches `{text}`"
        raise FetchRepoDataError(message, hint="`hognose search` shows what there is")
    wanted = {each.dependency: MatchSpec(each.dependency) for each in found}
    met = {text for text, each in wanted.items() if any(map(each.matches, records))}
    return [each for each in found if each.dependency in met]


def _one_name(text: str) -> MatchSpec:
    """Parse a spec that has to be of one package."""
    from hognose.types import MatchSpec

    spec = MatchSpec(text, exact_names_only=False)
    if spec.name.exact is None:
        raise UsageError(
            f"`{text}` stands for many packages", hint="`hognose search` shows which; name one"
        )
    return spec


def _platforms(arguments: argparse.Namespace) -> list[Platform]:
    from hognose.types import Platform

    platforms = (options.find_platform(arguments.platform), Platform("noarch"))
    return list(dict.fromkeys(platforms))

"""`hognose repoquery depends`: what packages need, of what there is; nothing is solved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hognose.cli import repoquery_options
from hognose.cli import search as search_command
from hognose.errors import FetchRepoDataError, HognoseError
from hognose.types import RepoDataRecord

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from hognose.cli.session import Session
    from hognose.console import Console
    from hognose.types import MatchSpec

__all__ = ("configure", "execute")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("specs", nargs="+", metavar="SPEC", help="names or specs")
    repoquery_options.add_walk_options(parser, "follow what that needs, and so on")
    search_command.add_search_options(parser)


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """A dependency, and the newest package that meets it.

    Attributes:
        dependency: The dependency, as the package has it.
        newest: The package; None where there is none, and for what the machine has.
        problem: Why no channel has it.
        needed_by: The package that needs it; of several the one that was met first.
    """

    dependency: str
    newest: RepoDataRecord | None
    problem: str | None = None
    needed_by: str


class Records:
    """The records that were reached, by name."""

    def __init__(self) -> None:
        """Have none yet."""
        self._by_name: dict[str, list[RepoDataRecord]] = {}

    def add(self, found: Iterable[Iterable[RepoDataRecord]]) -> None:
        """Take those of a query whose names are new."""
        new: dict[str, list[RepoDataRecord]] = {}
        for tier in found:
            for record in tier:
                new.setdefault(record.name, []).append(record)
        self._by_name = {**new, **self._by_name}

    def of(self, name: str) -> Sequence[RepoDataRecord]:
        """Return those of a name."""
        return self._by_name.get(name, ())

    def newest(self, spec: MatchSpec) -> RepoDataRecord | None:
        """Return the newest that matches a spec."""
        candidates = self.of(str(spec.name.exact))
        found = search_command.sorted_variants((c for c in candidates if spec.matches(c)), 1)
        return found[0] if found else None

    def needs(self, record: RepoDataRecord) -> list[Need]:
        """Return what a package needs."""
        return [self._need(text, str(record)) for text in record.depends]

    def _need(self, text: str, needed_by: str) -> Need:
        from hognose.types import MatchSpec

        newest, problem = None, None
        try:
            spec = MatchSpec(text)
        except HognoseError:
            problem = "it cannot be read"
        else:
            name = str(spec.name.exact)
            newest = self.newest(spec)
            if newest is None and not name.startswith("__"):
                there_is = search_command.sorted_variants(self.of(name), 1)
                problem = "no channel has it"
                if there_is:
                    problem = f"no channel has such a version: the newest is {there_is[0].version}"
        return Need(dependency=text, newest=newest, problem=problem, needed_by=needed_by)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Print what the newest package of each spec needs."""
    from hognose.cli.session import Session

    specs = {text: repoquery_options.one_name(text) for text in arguments.specs}
    is_deep = arguments.recursive or arguments.tree
    with Session(arguments, console) as session:
        records, roots = _load(arguments, session, specs, is_deep=is_deep)
    walks = [_walk(root, records, is_recursive=is_deep) for root in roots]
    if arguments.json:
        from hognose.cli.json_output import print_json

        documents = [
            {"package": root, "dependencies": needs}
            for root, needs in zip(roots, walks, strict=True)
        ]
        found: dict[str, Any] = documents[0] if len(specs) == 1 else {"packages": documents}
        print_json({"success": True, **found}, console)
        return 0
    for number, (root, needs) in enumerate(zip(roots, walks, strict=True)):
        if number:
            console.result()
        console.result(_title(root))
        if arguments.tree:
            for line in _draw(root, records):
                console.result(line)
        else:
            console.table(("needs", "newest", "build"), [_row(need) for need in needs])
    return 0


def _load(
    arguments: argparse.Namespace,
    session: Session,
    specs: dict[str, MatchSpec],
    *,
    is_deep: bool,
) -> tuple[Records, list[RepoDataRecord]]:
    """Fetch what is to be shown, and return it with the newest package of each spec.

    Raises:
        FetchRepoDataError: Nothing matches any of the specs.
    """
    from hognose.types import package_name_of

    channels = session.channels_for(specs.values())
    platforms = repoquery_options.platforms(arguments)
    names = dict.fromkeys(str(spec.name.exact) for spec in specs.values())
    records = Records()
    records.add(session.gateway.query(channels, platforms, list(names), recursive=is_deep))
    roots = {text: records.newest(spec) for text, spec in specs.items()}
    found = [root for root in roots.values() if root is not None]
    for text, root in roots.items():
        if root is None:
            message, hint = _nothing(text, specs[text], records, arguments, session)
            if not found:
                raise FetchRepoDataError(message, hint=hint)
            session.console.warn(f"{message}{f': {hint}' if hint else ''}")
    if not is_deep:
        wanted = {package_name_of(text) for root in found for text in root.depends} - names.keys()
        records.add(session.gateway.query(channels, platforms, sorted(wanted), recursive=False))
    return records, found


def _nothing(
    text: str,
    spec: MatchSpec,
    records: Records,
    arguments: argparse.Namespace,
    session: Session,
) -> tuple[str, str | None]:
    """Say that nothing matches a spec, and what is near."""
    from hognose.net import redact

    name = str(spec.name.exact)
    there_is = search_command.sorted_variants(records.of(name), 1)
    if there_is:
        hint: str | None = f"the newest there is: {name} {there_is[0].version}"
    else:
        names = search_command.channel_names(arguments, session, [spec])
        hint = search_command.near_names(name, names)
    return f"no package matches `{redact(text)}`", hint


def _walk(root: RepoDataRecord, records: Records, *, is_recursive: bool) -> list[Need]:
    """Return each dependency once, in the order in which they are reached."""
    needs: dict[str, Need] = {}
    pending = [root]
    seen = {str(root)}
    for record in pending:
        for need in records.needs(record):
            if need.dependency in needs:
                continue
            needs[need.dependency] = need
            if is_recursive and need.newest is not None and str(need.newest) not in seen:
                seen.add(str(need.newest))
                pending.append(need.newest)
    return list(needs.values())


def _draw(root: RepoDataRecord, records: Records) -> Iterable[str]:
    from hognose.cli.dependency_tree import draw_tree

    by_key = {str(root): root}

    def branches(key: str) -> list[tuple[str, str | None]]:
        found: list[tuple[str, str | None]] = []
        for need in records.needs(by_key[key]):
            if need.newest is None:
                found.append((f"{need.dependency}{_remark(need)}", None))
            else:
                by_key[str(need.newest)] = need.newest
                found.append((f"{need.dependency}: {_title(need.newest)}", str(need.newest)))
        return found

    return draw_tree(str(root), branches)


def _row(need: Need) -> tuple[str, str, str]:
    if need.newest is None:
        return need.dependency, _remark(need).removeprefix(": "), ""
    return need.dependency, str(need.newest.version), need.newest.build


def _remark(need: Need) -> str:
    return f": missing, {need.problem}" if need.problem else ": the machine has to have it"


def _title(record: RepoDataRecord) -> str:
    return f"{record.name} {record.version} {record.build}"

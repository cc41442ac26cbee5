"""`hognose repoquery whoneeds`: which packages need one, directly or through others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hognose.cli import repoquery_options
from hognose.cli import search as search_command
from hognose.console import counted
from hognose.errors import FetchRepoDataError, HognoseError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from hognose.cli.session import Session
    from hognose.console import Console
    from hognose.repodata import Dependent
    from hognose.types import GenericVirtualPackage, MatchSpec, RepoDataRecord

__all__ = ("configure", "execute")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "targets", nargs="+", metavar="NAME", help="names, specs or virtual packages"
    )
    parser.add_argument(
        "--latest", action="store_true", help="show only the newest build of each package"
    )
    repoquery_options.add_walk_options(
        parser, "follow who needs those, and so on; of each package the newest build counts"
    )
    search_command.add_search_options(parser)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Print the packages that need each target."""
    from hognose.cli.session import Session

    is_deep = arguments.recursive or arguments.tree
    with Session(arguments, console) as session:
        if is_deep:
            newest = session.gateway.newest(
                session.channels, repoquery_options.platforms(arguments)
            )
            walks = [
                ReverseWalk(target, newest, arguments, session) for target in arguments.targets
            ]
            answers = [walk.dependents() for walk in walks]
        else:
            answers = [_direct(target, arguments, session) for target in arguments.targets]
    if arguments.json:
        from hognose.cli.json_output import print_json

        documents = [
            {"target": target, "dependents": found}
            for target, found in zip(arguments.targets, answers, strict=True)
        ]
        shown: dict[str, Any] = documents[0] if len(documents) == 1 else {"targets": documents}
        print_json({"success": True, **shown}, console)
        return 0
    for number, (target, found) in enumerate(zip(arguments.targets, answers, strict=True)):
        if number:
            console.result()
        if arguments.tree:
            console.result(target)
            for line in walks[number].draw():
                console.result(line)
        else:
            _print(target, found, console, has_title=len(answers) > 1)
        count = len({f"{each.record.channel} {each.record}" for each in found})
        console.success(f"{counted(count, 'package needs', 'packages need')} `{target}`")
    return 0


def _print(target: str, found: Sequence[Dependent], console: Console, *, has_title: bool) -> None:
    if has_title:
        console.result(label=target)
    rows = [
        (
            each.record.name,
            str(each.record.version),
            each.record.build,
            each.record.subdir,
            " ".join(filter(None, (each.kind, each.extra or each.run_export_kind))),
            each.dependency,
        )
        for each in found
    ]
    if rows:
        console.table(
            ("name", "version", "build", "subdir", "through", "dependency"),
            rows,
            least=("subdir", "through"),
        )


def _direct(target: str, arguments: argparse.Namespace, session: Session) -> list[Dependent]:
    """All builds that need a target themselves, sorted, as many as are wanted."""
    by_record: dict[str, list[Dependent]] = {}
    for dependent in _dependents(target, arguments, session):
        group = by_record.setdefault(f"{dependent.record.channel} {dependent.record}", [])
        if dependent not in group:
            group.append(dependent)
    records = search_command.sorted_variants(
        (group[0].record for group in by_record.values()),
        1 if arguments.latest else arguments.limit,
    )
    return [each for record in records for each in by_record[f"{record.channel} {record}"]]


def _dependents(text: str, arguments: argparse.Namespace, session: Session) -> list[Dependent]:
    """Who needs a name, a virtual package, or any of the records that a spec stands for."""
    channels, platforms = session.channels, repoquery_options.platforms(arguments)
    if text.startswith("__"):
        return session.gateway.who_needs(channels, platforms, _virtual(text))
    spec = repoquery_options.one_name(text)
    found = session.gateway.who_needs(channels, platforms, str(spec.name.exact))
    if not found:
        _require_known(spec, arguments, session)
    is_met = _meets(text, spec, arguments, session)
    return [each for each in found if is_met(each.dependency)]


def _virtual(text: str) -> GenericVirtualPackage | str:
    from hognose.types import GenericVirtualPackage

    return GenericVirtualPackage.parse(text) if "=" in text else text


def _require_known(spec: MatchSpec, arguments: argparse.Namespace, session: Session) -> None:
    """Refuse a name that is none, and say which ones are near.

    Raises:
        FetchRepoDataError: There is no such package.
    """
    name = str(spec.name.exact)
    names = search_command.channel_names(arguments, session)
    if name not in names:
        message = f"there is no package `{name}`, and nothing needs one"
        raise FetchRepoDataError(message, hint=search_command.near_names(name, names))


def _meets(
    text: str, spec: MatchSpec, arguments: argparse.Namespace, session: Session
) -> Callable[[str], bool]:
    """Return what tells whether a dependency on the name is met by a record that a spec means.

    Raises:
        FetchRepoDataError: There is no such record.
    """
    if str(spec) == str(spec.name.exact):
        return lambda _: True
    tiers = session.gateway.query(
        session.channels, repoquery_options.platforms(arguments), [spec], recursive=False
    )
    records = [record for tier in tiers for record in tier]
    if not records:
        from hognose.net import redact

        message = f"no package matches `{redact(text)}`"
        raise FetchRepoDataError(message, hint="`hognose search` shows what there is")
    return _memory(lambda dependency: any(map(dependency.matches, records)))


def _memory(matches: Callable[[MatchSpec], bool]) -> Callable[[str], bool]:
    """Remember answers for texts: a channel's records repeat each other's dependencies."""
    from functools import cache

    from hognose.types import MatchSpec

    @cache
    def is_met(text: str) -> bool:
        try:
            spec = MatchSpec(text)
        except HognoseError:
            return False  # what no tool can parse is needed by nobody
        return matches(spec)

    return is_met


class ReverseWalk:
    """Who needs a target, who needs those, and so on, among the newest packages of each name."""

    def __init__(
        self,
        target: str,
        newest: Sequence[RepoDataRecord],
        arguments: argparse.Namespace,
        session: Session,
    ) -> None:
        """Find out what the target is.

        Raises:
            FetchRepoDataError: It is nothing that there is.
        """
        from hognose.types import package_name_of

        self._newest: dict[str, RepoDataRecord] = {record.name: record for record in newest}
        self._by_need: dict[str, list[tuple[RepoDataRecord, str]]] = {}
        for record in newest:
            for dependency in record.depends:
                needs = self._by_need.setdefault(package_name_of(dependency), [])
                needs.append((record, dependency))
        self._meets_target: Callable[[str], bool]
        if target.startswith("__"):
            machine = _virtual(target)
            self._target = str(machine if isinstance(machine, str) else machine.name)
            if isinstance(machine, str):
                self._meets_target = lambda _: True
            else:
                self._meets_target = _memory(lambda spec: spec.matches(machine))
        else:
            spec = repoquery_options.one_name(target)
            self._target = str(spec.name.exact)
            if self._target not in self._by_need:
                _require_known(spec, arguments, session)
            self._meets_target = _meets(target, spec, arguments, session)

    def dependents(self) -> list[Dependent]:
        """Return each package that is reached, with the dependency that reached it first."""
        from hognose.repodata import Dependent

        found: dict[str, Dependent] = {}
        pending = [self._target]
        for name in pending:
            for record, dependency in self._needing(name):
                if record.name not in found and record.name != self._target:
                    found[record.name] = Dependent(
                        record=record, dependency=dependency, kind="depends"
                    )
                    pending.append(record.name)
        return list(found.values())

    def draw(self) -> list[str]:
        """Return the lines of the tree whose root is the target."""
        from hognose.cli.dependency_tree import draw_tree

        def branches(name: str) -> list[tuple[str, str | None]]:
            return [
                (f"{record.name} {record.version} {record.build} (`{dependency}`)", record.name)
                for record, dependency in self._needing(name)
            ]

        return list(draw_tree(self._target, branches))

    def _needing(self, name: str) -> list[tuple[RepoDataRecord, str]]:
        """The packages that need what the walk has reached of a name, each once."""
        is_met = self._meets_target
        if name != self._target:
            reached = self._newest[name]
            is_met = _memory(lambda spec: spec.matches(reached))
        found: dict[str, tuple[RepoDataRecord, str]] = {}
        for record, dependency in self._by_need.get(name, ()):
            if is_met(dependency):
                found.setdefault(record.name, (record, dependency))
        return list(found.values())

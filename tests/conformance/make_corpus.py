"""Make the corpus of agreed examples: `python tests/conformance/make_corpus.py`.

Needs what the tests do not: the shared channel data, py-rattler, and conda (a source tree of it
and its dependencies on PYTHONPATH). Writes `data/versions.jsonl`, `data/version_specs.jsonl` and
`data/match_specs.jsonl`; only what both peers agree on goes in, whatever we say about it.
"""

from __future__ import annotations

import json
import random
import sys
from itertools import groupby
from pathlib import Path

import rattler
from backports import zstd
from conda.models.match_spec import MatchSpec as CondaMatchSpec
from conda.models.records import PackageRecord as CondaRecord
from conda.models.version import VersionOrder
from conda.models.version import VersionSpec as CondaVersionSpec

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared" / "data"
CHOOSE = random.Random(29)


def read(path):
    return zstd.decompress((SHARED / path).read_bytes())


def write(name, rows):
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (HERE / "data" / name).write_text("".join(lines), encoding="utf-8")
    sys.stdout.write(f"{name}: {len(lines)} lines\n")


def real_records():
    tree = json.loads(read("channels/conda-forge/linux-64/repodata.json.zst"))
    return [*tree["packages"].values(), *tree["packages.conda"].values()]


def interesting(texts, count):
    """Choose half plain texts, half with letters and marks in them."""
    plain = sorted(text for text in texts if text.replace(".", "").isdigit())
    odd = sorted(set(texts) - set(plain))
    return CHOOSE.sample(plain, count // 2) + CHOOSE.sample(odd, count // 2)


def version_rows(texts):
    """One line for each group of equal versions, rising."""
    texts = sorted(texts, key=VersionOrder)
    groups = [list(group) for _, group in groupby(texts, key=VersionOrder)]
    rows = []
    last = None
    for group in groups:
        theirs = {rattler.Version(text) for text in group}
        agreed = len(theirs) == 1 and (last is None or last < min(theirs))
        if agreed:
            rows.append(sorted(group))
            last = min(theirs)
    return rows


def version_spec_rows(questions):
    for spec, texts in questions:
        try:
            conda, rattlers = CondaVersionSpec(spec), rattler.VersionSpec(spec)
        except Exception:
            continue
        said = {text: conda.match(text) for text in sorted(texts, key=VersionOrder)}
        if any(said[text] is not rattlers.matches(rattler.Version(text)) for text in texts):
            continue
        yes = [text for text in said if said[text]]
        no = [text for text in said if not said[text]]
        if yes and no:
            yield {"spec": spec, "matches": thin(yes), "differs": thin(no)}


def thin(texts):
    """Keep those at the ends, which are the nearest to a border, and two between them."""
    between = texts[2:-2]
    kept = [*texts[:2], *CHOOSE.sample(between, min(2, len(between))), *texts[-2:]]
    return list(dict.fromkeys(kept))


def questions(dependencies, records):
    """Pair specs with the real versions of the name that they are for."""
    versions = {}
    for record in records:
        versions.setdefault(record["name"], set()).add(record["version"])
    for text in dependencies:
        name, _, rest = text.partition(" ")
        if rest and len(versions.get(name, ())) > 3:
            yield rest.split()[0], versions[name]
    names = sorted(name for name, found in versions.items() if len(found) > 3)
    for operator in ("==", "!=", "=", "~=", "<", "<=", ">", ">="):
        for name in CHOOSE.sample(names, 25):
            version = CHOOSE.choice(sorted(versions[name]))
            yield f"{operator}{version}", versions[name]
            if operator in {"=", "!="}:
                yield f"{operator}{version.rpartition('.')[0] or version}.*", versions[name]


def match_spec_rows(specs, records):
    by_name = {}
    for record in records:
        by_name.setdefault(record["name"], []).append(record)
    for spec in specs:
        candidates = by_name.get(spec.split()[0], [])
        try:
            conda, rattlers = CondaMatchSpec(spec), rattler.MatchSpec(spec)
        except Exception:
            continue
        yes, no = [], []
        for record in CHOOSE.sample(candidates, min(40, len(candidates))):
            theirs = rattler.PackageRecord(
                name=record["name"],
                version=record["version"],
                build=rattler.package.BuildString.new_unchecked(record["build"]),
                build_number=record["build_number"],
                subdir=record["subdir"],
            )
            said = conda.match(CondaRecord(**{k: record[k] for k in KEYS}))
            if said is not rattlers.matches(theirs):
                break
            (yes if said else no).append(f"{record['version']} {record['build']}")
        else:
            if yes and no:
                yield {"spec": spec, "matches": yes[:4], "differs": no[:4]}


KEYS = ("name", "version", "build", "build_number", "subdir")


def main():
    versions = set(read("versions.txt.zst").decode().split())
    records = real_records()
    dependencies = sorted({text for record in records for text in record["depends"]})
    chosen = interesting(versions, 600)
    write("versions.jsonl", version_rows(chosen))

    write(
        "version_specs.jsonl",
        version_spec_rows(questions(CHOOSE.sample(dependencies, 400), records)),
    )

    with_build = [text for text in dependencies if len(text.split()) == 3]
    with_version = [text for text in dependencies if len(text.split()) == 2]
    specs = [*CHOOSE.sample(with_build, 1200), *CHOOSE.sample(with_version, 1200)]
    write("match_specs.jsonl", list(match_spec_rows(specs, records))[:400])


if __name__ == "__main__":
    main()

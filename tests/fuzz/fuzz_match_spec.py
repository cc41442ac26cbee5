"""No text makes a match spec raise anything but its error, and what it shows parses back."""

import contextlib

from fuzz.harness import fuzz, instrument, text_of

if __name__ == "__main__":
    instrument()

from hognose.errors import InvalidMatchSpecError
from hognose.types import (
    Condition,
    MatchSpec,
    NamelessMatchSpec,
    PackageRecord,
    package_name_of,
)

SEEDS = (
    "python >=3.10,<3.13 *_cpython",
    "conda-forge/linux-64:ns:numpy=1.8=py_0[build_number='>=1', md5=d41d8cd98f00b204e9800998ecf8427e]",
    "a[when=\"python >=3.9 and (b or __win)\", extras=[x, y], flags=[cuda, 'blas:*']]",
    "https://conda.anaconda.org/conda-forge/noarch/a-1-0.conda#d41d8cd98f00b204e9800998ecf8427e",
    "a-1-0.tar.bz2",
    "^py.*$ ==1.*",
    "numpy >=3.9?channel=conda-forge&build=py*",
    "a[version='>=1|<2',build='^x$',license=MIT,track_features='a b',subdir=noarch]",
)
RECORD = PackageRecord.create(name="a", version="1", build="0", subdir="noarch")


def check(data):
    text = text_of(data)
    for parse in (
        NamelessMatchSpec,
        MatchSpec.from_query,
        MatchSpec.from_url,
        Condition.parse,
        package_name_of,
        lambda text: MatchSpec(text, strict=True),
    ):
        with contextlib.suppress(InvalidMatchSpecError):
            str(parse(text))
    try:
        spec = MatchSpec(text, exact_names_only=False)
    except InvalidMatchSpecError as error:
        str(error)
        return
    spec.matches(RECORD)
    assert hash(spec) == hash(MatchSpec(text, exact_names_only=False))
    for form in (str(spec), spec.to_canonical_string()):
        assert spec == MatchSpec(form, exact_names_only=False), form
    # CEP 29's form has no namespace, and no hash of a URL: what it says is the same only then.
    short = MatchSpec(spec.to_cep29_string(), exact_names_only=False)
    assert short == MatchSpec(short.to_cep29_string(), exact_names_only=False)


if __name__ == "__main__":
    fuzz(check, SEEDS)

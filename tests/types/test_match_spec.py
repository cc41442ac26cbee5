"""Match specs: the grammar, what they match, and their forms."""

import pickle
from types import SimpleNamespace

import pytest

from hognose.errors import InvalidMatchSpecError
from hognose.types import (
    Channel,
    GenericVirtualPackage,
    MatchSpec,
    NamelessMatchSpec,
    PackageRecord,
    RepoDataRecord,
    Version,
    VersionSpec,
    package_name_of,
)

MD5 = "12345678901234567890123456789012"
URL = "https://conda.anaconda.org/conda-forge/linux-64/python-3.11.10-h123456_0.conda"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python", "python"),
        ("  NumPy  >=1.2 ", "NumPy >=1.2"),
        ("python>=3.10", "python >=3.10"),
        ("python 3.10", "python ==3.10"),
        ("python=3.10", "python 3.10.*"),
        ("python=3.10=py_0", "python ==3.10 py_0"),
        ("python >=3.8 , <4 *_cpython", "python >=3.8,<4 *_cpython"),
        ("foo 2.7|>=3.6 *", "foo 2.7|>=3.6 *".replace("2.7", "==2.7")),
        ("conda-forge::numpy[version='>=1.2,<2',build=py*]", "conda-forge::numpy >=1.2,<2 py*"),
        ("conda-forge/linux-64::numpy", "conda-forge/linux-64::numpy"),
        ("conda-forge[linux-64]::numpy", "conda-forge/linux-64::numpy"),
        ("conda-forge:ns:numpy", "conda-forge:ns:numpy"),
        ("conda-forge/linux-64:ns:numpy 1", "conda-forge/linux-64:ns:numpy ==1"),
        (":ns:numpy", 'numpy[namespace="ns"]'),
        ("::numpy", "numpy"),
        ("https://h/c::z", 'z[channel="https://h/c/"]'),
        ("__archspec 1.* ^(k10|zen)$", '__archspec 1.*[build="^(k10|zen)$"]'),
        ("a[build_number=3]", 'a[build_number="==3"]'),
        ("a[build_number='>=3', md5=" + MD5 + "]", f'a[md5="{MD5}", build_number=">=3"]'),
        ("a[version=>=1 build=x]", "a >=1 x"),
        ("a >=1 # why", "a >=1"),
        ("a[license='a \"b\"']", "a[license='a \"b\"']"),
        (URL, f'python[url="{URL}"]'),
        (f"{URL}#{MD5}", f'python[md5="{MD5}", url="{URL}"]'),
        ("/tmp/a-1-0.conda", 'a[url="file:///tmp/a-1-0.conda"]'),
        ("numpy-1.0-py_0.conda", 'numpy[fn="numpy-1.0-py_0.conda"]'),
    ],
)
def test_a_spec_is_written_with_spaces(text, expected):
    assert expected == str(MatchSpec(text))
    assert MatchSpec(text) == MatchSpec(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python>=3.10", 'python[version=">=3.10"]'),
        (
            "conda-forge/linux-64::a 1 b[extras=[x,y],flags=[c,'d:*']]",
            'a[version="==1",build="b",extras=[x,y],flags=[c,d:*],channel="conda-forge",subdir="linux-64"]',
        ),
        ("a[when='b>=1 and (c or d 2)']", 'a[when="b>=1 and (c or d==2)"]'),
        ("a[when='b[build=x*]']", "a[when='b[build=\"x*\"]']"),
    ],
)
def test_a_spec_is_written_in_brackets(text, expected):
    assert expected == MatchSpec(text).to_canonical_string()
    assert MatchSpec(text) == MatchSpec(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "a b c d",
        "a[",
        "a]",
        "a[x]",
        "a[unknown=1]",
        "a[version='1]",
        "a[version=1][build=2]",
        "a ===1",
        "a =<1",
        "a 1=",
        "a >=",
        "a;if b",
        "a ; if b",
        "a[md5=12]",
        "a[extras=[A]]",
        "a[flags=['x:y:z']]",
        "a[when='b[when=c]']",
        "a[when='b and']",
        "a[when='b c d e']",
        "a[when='(b']",
        "a[url=x]",
        "a[build='^(?=x)$']",
        "a[build_number=x]",
        "https://h/x.zip",
        "a*",
        "^a$",
        "*",
        "a--b",
    ],
)
def test_what_is_no_spec_is_refused(text):
    with pytest.raises(InvalidMatchSpecError):
        MatchSpec(text)


def test_the_keys_of_newer_ceps_can_be_refused():
    for option, text in (
        ("extras", "a[extras=x]"),
        ("conditionals", "a[when=b]"),
        ("flags", "a[flags=x]"),
    ):
        MatchSpec(text)
        with pytest.raises(InvalidMatchSpecError, match="not allowed"):
            MatchSpec(text, **{option: False})


def test_strict_parsing_refuses_what_is_given_twice_or_without_operator():
    for text in ("a 1", "a >=1[version=2]", "a[build=x,build=y]", "a ==1 x.y"):
        MatchSpec(text)
        with pytest.raises(InvalidMatchSpecError):
            MatchSpec(text, strict=True)
    assert MatchSpec("a ==1 x*") == MatchSpec("a ==1 x*", strict=True)


def test_keys_in_brackets_win_but_for_the_name():
    spec = MatchSpec("conda-forge/linux-64::a 1 b[name=z,version=2,build=c,channel=d,subdir=e]")

    assert str(spec.name) == "a"
    assert str(spec.version) == "==2"
    assert str(spec.build) == "c"
    assert spec.channel == Channel("d")
    assert spec.subdir == "e"


def test_patterns_as_names_need_permission():
    spec = MatchSpec("num*", exact_names_only=False)

    assert spec.name.exact is None
    assert spec.matches(PackageRecord.create(name="numpy", version="1", build="0"))
    assert not spec.matches(PackageRecord.create(name="anumpy", version="1", build="0"))
    assert MatchSpec("^num.+$ >=2", exact_names_only=False).version == VersionSpec(">=2")


def record(**fields):
    fields = {"name": "a", "version": "1.5", "build": "py39_3", "build_number": 3, **fields}
    return PackageRecord.create(**fields)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", True),
        ("A", True),
        ("b", False),
        ("a >=1,<2", True),
        ("a 1.*  PY39*", True),
        ("a * py38*", False),
        ("a[build_number='>=3']", True),
        ("a[build_number='>3|<3']", False),
        ("a[build_number=3*]", True),
        ("a[license=mit]", True),
        ("a[license=B*]", False),
        ("a[subdir=linux-64]", True),
        ("a[subdir=linux-*]", True),
        ("a[subdir=noarch]", False),
        (f"a[md5={MD5}]", True),
        ("a[md5=" + "0" * 32 + "]", False),
        ("a[flags=[cuda,'blas:*']]", True),
        ("a[flags=rocm]", False),
        ("a[track_features='f g']", True),
        ("a[track_features=h]", False),
        ("conda-forge::a[fn=x.conda]", True),
    ],
)
def test_a_record_matches_if_it_has_all_that_is_demanded(text, expected):
    found = record(
        license="MIT",
        subdir="linux-64",
        md5=bytes.fromhex(MD5),
        flags=("cuda", "blas:mkl"),
        track_features_source="f g",
    )

    assert expected is MatchSpec(text).matches(found)


@pytest.mark.parametrize("spec", ["conda-forge::a", "conda-*::a", "conda-forge/linux-64::a"])
def test_a_record_of_condas_is_from_its_channel_though_it_names_the_platform_too(spec):
    channel = "https://conda.anaconda.org/conda-forge/linux-64"
    record = RepoDataRecord.create(
        name="a", version="1", build="0", subdir="linux-64", channel=channel
    )

    assert MatchSpec(spec).matches(record)
    assert not MatchSpec("bioconda::a").matches(record)


def test_a_record_from_a_channel_has_to_be_from_the_right_one():
    found = RepoDataRecord.create(
        name="a",
        version="1",
        build="0",
        file_name="a-1-0.conda",
        url="https://conda.anaconda.org/conda-forge/noarch/a-1-0.conda",
        channel="https://conda.anaconda.org/conda-forge/",
    )

    assert MatchSpec("conda-forge::a").matches(found)
    assert MatchSpec("https://conda.anaconda.org/conda-forge::a").matches(found)
    assert MatchSpec("conda-*::a").matches(found)
    assert MatchSpec("a[fn='a-1-0.conda']").matches(found)
    assert MatchSpec.from_url(found.url).matches(found)
    assert not MatchSpec("bioconda::a").matches(found)
    assert not MatchSpec.from_url("https://h/a-1-0.conda").matches(found)


def test_a_virtual_package_is_matched_too():
    assert MatchSpec("__glibc >=2.17,<3.0.a0").matches(
        GenericVirtualPackage.parse("__glibc=2.28=0")
    )


def test_anything_with_a_name_a_version_and_a_build_is_matched():
    found = record()
    thing = SimpleNamespace(name=found.name, version=found.version, build="x")

    assert MatchSpec("a 1.5 x").matches(thing)


def test_a_spec_comes_from_the_end_of_a_web_address():
    expected = MatchSpec("numpy >=3.9[channel=conda-forge,build=py*]")

    assert expected == MatchSpec.from_query("numpy >=3.9?channel=conda-forge&build=py*")
    assert expected == MatchSpec.from_query(
        "https://example.org/s/numpy%20%3E%3D3.9?channel=conda-forge&build=py%2A#top"
    )
    with pytest.raises(InvalidMatchSpecError):
        MatchSpec.from_query("numpy?q=1")


def test_a_web_address_with_a_query_is_a_spec_wherever_urls_are():
    address = "https://example.org/s/numpy%20%3E%3D3.9?channel=conda-forge&build=py%2A"
    expected = MatchSpec("numpy >=3.9[channel=conda-forge,build=py*]")

    assert expected == MatchSpec.from_url(address)
    assert expected == MatchSpec(address)


def test_the_query_of_an_archive_stays_in_its_url_and_is_shown_nowhere():
    url = "https://example.org/noarch/a-1-0.conda?token=x"
    spec = MatchSpec.from_url(url)

    assert url == spec.url
    assert spec == MatchSpec.from_url("https://me:pw@example.org/t/tk/noarch/a-1-0.conda")
    assert 'a[url="https://example.org/noarch/a-1-0.conda"]' == str(spec)
    assert "token" not in spec.to_canonical_string() + spec.to_cep29_string() + repr(spec)


@pytest.mark.parametrize(
    "where",
    [
        "https://me:hush@example.org/c",
        "https://hush@example.org/c",
        "https://example.org/t/hush/c",
        "https://me@example.org/t/hush/c",
    ],
)
@pytest.mark.parametrize(
    "form", ["{}::a", "{}/noarch::a", "{}*/noarch::a", "a[channel='{}']", "{}/*::a"]
)
def test_secrets_of_a_channel_play_no_part_in_a_spec(where, form):
    spec = MatchSpec(form.format(where))
    bare = form.format("https://example.org/c")

    assert MatchSpec(bare) == spec
    for text in (str(spec), repr(spec), spec.to_canonical_string(), spec.to_cep29_string()):
        assert "hush" not in text
    for channel in ("https://example.org/c/", where):
        record = RepoDataRecord.create(
            name="a",
            version=Version("1"),
            build="0",
            build_number=0,
            subdir="noarch",
            file_name="a-1-0.conda",
            url=f"{channel}/noarch/a-1-0.conda",
            channel=channel,
        )
        assert spec.matches(record)
        assert MatchSpec(bare).matches(record)
    assert where == (spec.channel.base_url if spec.channel else where).rstrip("/")


@pytest.mark.parametrize(
    "text", ["https://me:hush@h/c::", "https://h/t/hush/c::a[x=1]", "https://me:hush@h/x.txt"]
)
def test_an_error_names_a_spec_without_its_secrets(text):
    with pytest.raises(InvalidMatchSpecError) as caught:
        MatchSpec(text)

    assert "hush" not in f"{caught.value} {caught.value.text}"


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/get?file=a-1-0.conda",
        "https://example.org/?channel=c",
        "https://example.org/https%3A%2F%2Fexample.org%2Fa%3Fchannel=c?build=0",
    ],
)
def test_an_address_that_ends_in_no_spec_is_refused(address):
    with pytest.raises(InvalidMatchSpecError):
        MatchSpec.from_url(address)


def test_what_a_spec_shows_of_itself_is_python_that_makes_it_again():
    plain = MatchSpec("a >=1")
    quoted = MatchSpec('a[url="https://h/a-1-0.conda"]')

    assert repr(plain) == 'MatchSpec("a >=1")'
    assert repr(quoted) == "MatchSpec('a[url=\"https://h/a-1-0.conda\"]')"
    assert repr(quoted.to_nameless()) == "NamelessMatchSpec('[url=\"https://h/a-1-0.conda\"]')"


def test_a_spec_is_made_of_a_spec_but_of_nothing_else():
    assert MatchSpec("a >=1") == MatchSpec(MatchSpec("a >=1"))
    with pytest.raises(TypeError, match="a match spec is made from a str, not int"):
        MatchSpec(1)


def test_a_pattern_where_a_name_is_needed_names_the_argument_that_allows_it():
    with pytest.raises(InvalidMatchSpecError, match=r"pattern `py\*`\n`exact_names_only=False`"):
        MatchSpec("py*")


def test_a_nameless_spec_and_a_name_make_a_spec():
    nameless = NamelessMatchSpec(">=1.2 py*[md5=" + MD5 + "]")

    assert MatchSpec(f"a >=1.2 py*[md5={MD5}]") == MatchSpec.from_nameless(nameless, "a")
    assert nameless == MatchSpec.from_nameless(nameless, "a").to_nameless()
    assert str(nameless) == f'>=1.2 py*[md5="{MD5}"]'
    assert nameless.matches(record(build="py3", md5=bytes.fromhex(MD5)))
    assert str(NamelessMatchSpec("conda-forge::>=1")) == '>=1[channel="conda-forge"]'
    assert str(NamelessMatchSpec("*")) == "*"


def test_specs_are_interned_and_survive_pickling():
    assert MatchSpec("a >=1") is MatchSpec("a >=1")
    for text in ("a >=1 b", "c::a[when=b,flags=[x],build_number='>1']", URL):
        assert MatchSpec(text) == pickle.loads(pickle.dumps(MatchSpec(text)))
        assert hash(MatchSpec(text)) == hash(pickle.loads(pickle.dumps(MatchSpec(text))))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python", "python"),
        ("python>=3", "python"),
        ("python 3 *", "python"),
        ("NumPy >=1", "numpy"),
        ("conda-forge::numpy=1", "numpy"),
        ("a[version=1]", "a"),
        (URL, "python"),
    ],
)
def test_the_name_in_front_of_a_dependency_is_found_without_parsing_it(text, expected):
    assert expected == package_name_of(text)

"""The cache: a folder of our own, shown, bounded, emptied; what is not ours stays, byte for byte."""

import hashlib
import os
from pathlib import Path

import pytest

from vsod import paths
from vsod.cli.main import main
from vsod.errors import OutputError, UsageError
from vsod.storage import cache

STORE, OTHER = "0123456789abcdef01234567", "fedcba9876543210fedcba98"
NETWORK = "swift-0123456789abcdef-ov2026.4.1-frame.net"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The place that the user names: not ours."""
    place = tmp_path / "home"
    place.mkdir()
    monkeypatch.setenv("VSOD_CACHE", str(place))
    return place


def put(name, size):
    """A file in our folder."""
    kind, _, rest = name.partition("/")
    file = cache.folder(kind) / rest
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(size))
    return file


def tree(*roots):
    """Every path below ``roots``: what it is, and what is in it."""
    found = {}
    for root in roots:
        for folder, dirs, files in os.walk(root):
            for name in [*dirs, *files]:
                path = Path(folder) / name
                if path.is_symlink():
                    found[path] = f"-> {path.readlink()}"
                elif path.is_dir():
                    found[path] = "folder"
                else:
                    found[path] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def strangers(home, outside):
    """A home full of things that look like ours and are not."""
    outside.mkdir()
    (outside / "precious").write_text("precious")
    (outside / STORE).mkdir()
    (outside / STORE / "000000.maps").write_text("a map of a city")
    for folder in (
        "Photos",
        "maps/city",
        f"maps/{STORE}",
        "compiled",
        "locks",
        f"{STORE}/maps",
        "Documents/thesis",
    ):
        (home / folder).mkdir(parents=True)
    for file in ("Photos/1.jpg", "maps/city/city.osm", f"maps/{STORE}/000000.maps", f"compiled/{NETWORK}"):
        (home / file).write_text(file)
    (home / "Documents" / "thesis" / "x.tex").write_text("x")
    (home / "Linked").symlink_to(outside)
    (home / "dangling").symlink_to(home / "nowhere")
    (home / "link.txt").symlink_to(outside / "precious")


def test_usage_counts_entries_and_bytes_by_kind(home):
    put(f"maps/{STORE}/000000.maps", 100)
    put(f"maps/{OTHER}/000000.maps", 50)
    put(f"compiled/{NETWORK}", 7)
    assert cache.usage() == [cache.Usage("compiled", 1, 7), cache.Usage("maps", 2, 150)]


def test_an_absent_cache_is_an_empty_one(home, monkeypatch):
    monkeypatch.setenv("VSOD_CACHE", str(home / "none"))
    assert cache.usage() == [] and cache.clear() == (0, 0)
    assert not (home / "none").exists()


def test_the_folder_says_what_it_is(home):
    put(f"maps/{STORE}/000000.maps", 1)
    tag = (paths.cache_dir() / "CACHEDIR.TAG").read_text()
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert [p.name for p in home.iterdir()] == ["vsod-desktop-cache"]


@pytest.mark.parametrize("way", ["clear", "command", "prune", "usage", "doctor"])
def test_a_home_full_of_strangers_stays_byte_for_byte(home, tmp_path, monkeypatch, capsys, way):
    outside = tmp_path / "outside"
    strangers(home, outside)
    put(f"maps/{STORE}/000000.maps", 100)
    put(f"compiled/{NETWORK}", 100)
    cache.use_lock(Path(STORE)).acquire().release()  # its file stays for good
    # and strangers in our own folder, too
    ours = paths.cache_dir()
    (ours / "maps" / "notes.txt").write_text("notes")
    (ours / "maps" / OTHER).symlink_to(outside / STORE)
    (ours / "maps" / STORE / "diary.txt").write_text("diary")
    (ours / "maps" / STORE / "000001.maps").symlink_to(outside / "precious")
    (ours / "compiled" / NETWORK.replace("swift", "other")).symlink_to(outside / "precious")
    (ours / "Pictures").mkdir()
    (ours / "Pictures" / "1.maps").write_text("1")
    mine = {ours / "maps" / STORE / "000000.maps", ours / "compiled" / NETWORK}
    before = {path: what for path, what in tree(home, outside).items() if path not in mine}
    if way == "clear":
        assert cache.clear() == (200, 0)
    elif way == "command":
        assert main(["cache", "--clear", "--yes"]) == 0
    elif way == "prune":
        monkeypatch.setenv("VSOD_CACHE_GB", "0.00000001")
        cache.prune(keep=ours / "maps" / "none")
    else:
        main(["cache"] if way == "usage" else ["doctor"])
    after = tree(home, outside)
    assert {path: what for path, what in after.items() if path not in mine} == before
    gone = mine - set(after)
    assert gone == {"clear": mine, "command": mine, "prune": {ours / "maps" / STORE / "000000.maps"}}.get(
        way, set()
    )


def test_a_folder_of_that_name_that_is_not_ours_is_left_alone(home):
    theirs = home / "vsod-desktop-cache"
    theirs.mkdir()
    (theirs / "novel.txt").write_text("novel")
    before = tree(home)
    with pytest.raises(OutputError, match="not made by the program"):
        cache.folder("maps")
    assert cache.usage() == [] and cache.clear() == (0, 0)
    assert tree(home) == before


@pytest.mark.parametrize("part", ["", "maps"])
def test_a_link_is_not_our_folder(home, tmp_path, part):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / STORE).mkdir()
    (outside / STORE / "000000.maps").write_text("x")
    if part:
        cache.folder("compiled")
        (home / "vsod-desktop-cache" / part).symlink_to(outside)
    else:
        (home / "vsod-desktop-cache").symlink_to(outside)
    with pytest.raises(OutputError, match="not made by the program"):
        cache.folder("maps")
    assert cache.clear() == (0, 0)
    assert (outside / STORE / "000000.maps").read_text() == "x"


def test_a_place_that_depends_on_where_one_stands_is_refused(home, monkeypatch):
    monkeypatch.setenv("VSOD_CACHE", ".")
    with pytest.raises(UsageError, match=r"VSOD_CACHE is '\.'"):
        cache.folder("maps")


def test_what_is_open_stays(home):
    file = put(f"maps/{STORE}/000000.maps", 100)
    put(f"maps/{OTHER}/000000.maps", 50)
    with cache.use_lock(file.parent).acquire(shared=True):
        assert cache.clear() == (50, 1)
        assert file.exists()
    assert cache.clear() == (100, 0)
    assert not file.parent.exists()


def test_what_a_killed_process_left_goes_with_the_rest(home):
    file = put(f"maps/{STORE}/000000.maps", 10)
    for left in (".000001.maps.partial-{}-999999999-00ff", ".000001.maps.partial-elsewhere-1-00ff"):
        from vsod.storage import partial_names

        (file.parent / left.format(partial_names._HOST)).write_bytes(bytes(5))
    assert cache.clear() == (15, 0)
    assert [p.name for p in file.parent.iterdir()] == [".000001.maps.partial-elsewhere-1-00ff"]


def test_what_earlier_versions_left_in_the_usual_place_goes_too(tmp_path, monkeypatch):
    monkeypatch.delenv("VSOD_CACHE", raising=False)
    monkeypatch.setattr(paths, "usual_cache_place", lambda: tmp_path)
    old = tmp_path / "maps" / STORE
    old.mkdir(parents=True)
    for name in ("000000.maps", "about.json", "lanes-1.npy", "adapted-0-40.safetensors", "adapted-0-40.json"):
        (old / name).write_bytes(b"1234")
    (tmp_path / "compiled").mkdir()
    (tmp_path / "compiled" / "swift-cf74586a98027743-0.6-ov2026.4.1-frame.bin").write_bytes(b"12")
    (tmp_path / "maps" / "readme.txt").write_text("mine")
    assert cache.usage() == [cache.Usage("old", 2, 22)]
    assert cache.clear() == (22, 0)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["compiled", "maps", "readme.txt"]


def test_the_budget_is_the_users(monkeypatch):
    monkeypatch.delenv("VSOD_CACHE_GB", raising=False)
    assert cache.size_limit() == 4 << 30
    monkeypatch.setenv("VSOD_CACHE_GB", "0.5")
    assert cache.size_limit() == 1 << 29
    for wrong in ("much", "0", "-1", "nan", "inf"):
        monkeypatch.setenv("VSOD_CACHE_GB", wrong)
        with pytest.raises(UsageError, match="VSOD_CACHE_GB"):
            cache.size_limit()


def test_the_command_lists_asks_and_clears(home, capsys, monkeypatch):
    file = put(f"maps/{STORE}/000000.maps", 3_000_000)
    assert main(["cache"]) == 0
    out = capsys.readouterr().out
    assert str(home) in out and "maps" in out and "3.0 MB" in out
    assert main(["cache", "--clear"]) == 2  # nobody to ask
    told = capsys.readouterr()
    assert str(file.parent) in told.out and "3.0 MB" in told.out and "--yes" in told.err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer, stays in (("", True), ("n", True), ("y", False)):
        monkeypatch.setattr("builtins.input", lambda question, answer=answer: answer)
        assert main(["cache", "--clear"]) == 0
        assert file.exists() is stays
    put(f"maps/{STORE}/000000.maps", 3_000_000)
    assert main(["cache", "--clear", "--json"]) == 0
    assert file.exists() and str(file.parent) in capsys.readouterr().out
    assert main(["cache", "--clear", "--yes"]) == 0
    assert "3.0 MB freed" in capsys.readouterr().out
    assert cache.usage() == []

import errno
import os
import threading
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from vsod.core.clip import ClipInfo
from vsod.core.source_settings import SourceSettings
from vsod.errors import OutputError
from vsod.media.sources.opening import open_source
from vsod.qc.metrics_store import MetricsStore
from vsod.storage import clip_maps, envelope
from vsod.storage.clip_maps import fingerprint, open_store
from vsod.storage.digest import file_state
from vsod.storage.map_store import CHUNK, MapStore


def saliency(index, shape=(20, 36)):
    return np.random.default_rng(index).random(shape, np.float32)


def test_a_map_that_must_be_there_is_given_or_named(tmp_path):
    store = MapStore(tmp_path / "s", 100)
    store.put(3, saliency(3))
    assert np.array_equal(store.require(3), store.get(3))
    with pytest.raises(OutputError, match="frame 4"):
        store.require(4)


def test_maps_come_back_to_twelve_bits_also_after_reopening(tmp_path):
    store = MapStore(tmp_path / "s", 100)
    for i in range(70):
        store.put(i, saliency(i))
    assert store.coverage().tolist() == [True] * 70 + [False] * 30
    store.flush()
    for reader in (store, MapStore(tmp_path / "s", 100)):
        assert reader.coverage().sum() == 70
        for i in (0, 31, 32, 69, 5):
            assert np.abs(reader.get(i) - saliency(i)).max() <= 0.5 / 4095 + 1e-6
        assert reader.get(70) is None and reader.get(-1) is None and reader.get(1000) is None


def test_a_map_is_readable_before_it_is_on_disk(tmp_path):
    store = MapStore(tmp_path / "s", 10)
    store.put(3, saliency(3))
    assert not list((tmp_path / "s").glob("*.maps"))
    assert store.get(3) is not None


def test_what_was_not_flushed_is_simply_missing(tmp_path):
    store = MapStore(tmp_path / "s", 100)
    for i in range(CHUNK + 5):
        store.put(i, saliency(i))
    assert MapStore(tmp_path / "s", 100).coverage().sum() == CHUNK


def test_filling_a_gap_keeps_the_rest_of_the_chunk(tmp_path):
    store = MapStore(tmp_path / "s", 40)
    for i in (0, 1, 5, 6):
        store.put(i, saliency(i))
    store.flush()
    again = MapStore(tmp_path / "s", 40)
    for i in (2, 3, 4):
        again.put(i, saliency(i))
    again.flush()
    assert np.flatnonzero(MapStore(tmp_path / "s", 40).coverage()).tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert np.allclose(MapStore(tmp_path / "s", 40).get(6), saliency(6), atol=2e-4)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_chunk_is_computed_again(tmp_path, damage, expect_log):
    expect_log("is damaged: its maps are made anew")
    store = MapStore(tmp_path / "s", 40)
    for i in range(CHUNK):
        store.put(i, saliency(i))
    file = next((tmp_path / "s").glob("*.maps"))
    blob = bytearray(file.read_bytes())
    if damage == "cut":
        blob = blob[: len(blob) // 2]
    elif damage == "flip":
        blob[len(blob) // 2] ^= 0xFF
    else:
        blob = bytearray()
    file.write_bytes(blob)
    again = MapStore(tmp_path / "s", 40)
    assert all(again.get(i) is None for i in range(40))
    assert again.coverage().sum() == 0
    assert not file.exists()


def test_reading_while_another_thread_writes(tmp_path):
    store = MapStore(tmp_path / "s", 200)
    wrong = []

    def read():
        while not store.coverage().all():
            for i in np.flatnonzero(store.coverage())[-3:]:
                if not np.allclose(store.get(int(i)), saliency(int(i)), atol=2e-4):
                    wrong.append(i)

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(200):
        store.put(i, saliency(i))
    reader.join()
    assert not wrong


def clip(path, n=3, names=()):
    """A clip as it is when it is opened now."""
    return ClipInfo(
        path,
        "video",
        "h264",
        "yuv420p",
        8,
        64,
        48,
        Fraction(24),
        Fraction(1, 24),
        np.arange(n, dtype=np.int64),
        names=names,
        state=file_state(path, names),
    )


def test_the_fingerprint_follows_file_and_model(tmp_path):
    file = tmp_path / "a.mp4"
    file.write_bytes(b"1")
    first = fingerprint(clip(file), "swift|x")
    assert fingerprint(clip(file), "swift|x") == first
    assert fingerprint(clip(file), "swift|y") != first
    file.write_bytes(b"12")
    assert fingerprint(clip(file), "swift|x") != first


def test_a_clip_that_moved_or_was_copied_finds_its_maps(tmp_path, monkeypatch):
    monkeypatch.setenv("VSOD_CACHE", str(tmp_path / "cache"))
    file, moved = tmp_path / "a.mp4", tmp_path / "elsewhere" / "b.mp4"
    file.write_bytes(bytes(5 << 20))
    store = open_store(clip(file, 40), "m")
    for i in range(CHUNK):
        store.put(i, saliency(i))
    moved.parent.mkdir()
    file.rename(moved)
    assert open_store(clip(moved, 40), "m").coverage().sum() == CHUNK
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(moved.read_bytes())
    os.utime(copy, (1, 1))
    assert open_store(clip(copy, 40), "m").coverage().sum() == CHUNK
    assert open_store(clip(moved, 40), "m").coverage().sum() == CHUNK
    turned = replace(clip(moved, 40), rotation=90)
    assert open_store(turned, "m").coverage().sum() == 0
    other = replace(clip(moved, 40), source_settings=SourceSettings(stream=1))
    assert open_store(other, "m").coverage().sum() == 0
    same = replace(clip(moved, 40), source_settings=SourceSettings(gaps="close", alpha="ignore"))
    assert open_store(same, "m").coverage().sum() == CHUNK


@pytest.mark.parametrize("versions", [16, 1])
def test_a_clip_that_changed_in_its_place_has_no_maps(tmp_path, monkeypatch, versions):
    """If only in a byte that the digest does not sample; also where there is no place for another version."""
    monkeypatch.setattr(clip_maps, "_VERSIONS", versions)
    monkeypatch.setenv("VSOD_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "a.mxf"
    data = bytearray(5 << 20)
    file.write_bytes(data)
    store = open_store(clip(file, 40), "m")
    for i in range(CHUNK):
        store.put(i, saliency(i))
    metrics = MetricsStore(store.folder, 40)
    metrics.put(3, {"area": 0.5})
    metrics.flush()
    data[(1 << 16) + 100] ^= 1
    file.write_bytes(data)
    os.utime(file, (1, 1))
    again = open_store(clip(file, 40), "m")
    assert again.coverage().sum() == 0
    assert not MetricsStore(again.folder, 40).snapshot().measured.any()


def test_the_images_of_a_folder_tell_it(tmp_path):
    for name in ("1.png", "2.png"):
        (tmp_path / name).write_bytes(name.encode() * 30_000)
    names = ("1.png", "2.png")
    before = fingerprint(clip(tmp_path, 2, names), "m")
    (tmp_path / "notes.txt").write_text("no image")
    assert fingerprint(clip(tmp_path, 2, names), "m") == before
    (tmp_path / "2.png").write_bytes(b"3.png" * 30_000)
    assert fingerprint(clip(tmp_path, 2, names), "m") != before


def test_old_stores_make_room(tmp_path, monkeypatch):
    monkeypatch.setenv("VSOD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("VSOD_CACHE_GB", str(30_000 / 2**30))
    stores = []
    for k in range(3):
        file = tmp_path / f"{k}.mp4"
        file.write_bytes(b"x" * (k + 1))
        store = open_store(clip(file, 40), "m")
        for i in range(CHUNK):
            store.put(i, saliency(i))
        store.close()
        stores.append(store)
    assert not stores[0].folder.exists()
    assert stores[2].get(0) is not None
    store.clear()
    assert store.coverage().sum() == 0 and store.get(0) is None


def test_an_hours_store_opens_in_no_time(tmp_path):
    """2813 chunks, 90,016 frames: only heads are read."""
    folder = tmp_path / ("0" * 24)
    store = MapStore(folder, CHUNK)
    for i in range(CHUNK):
        store.put(i, np.random.default_rng(i).random((9, 16), np.float32), bytes([i] * 16))
    head, payload = envelope.read(folder / "000000.maps", "maps", key=f"{folder.name}/0", format=2)
    for chunk in range(1, 2813):
        key = f"{folder.name}/{chunk}"
        envelope.write(folder / f"{chunk:06d}.maps", "maps", payload, key=key, format=2, note=head.note)
    spent = []
    for _ in range(3):  # a busy machine is slower
        began = time.process_time()
        opened = MapStore(folder, 2813 * CHUNK)
        spent.append(time.process_time() - began)
    assert opened.coverage().all()
    assert np.array_equal(opened.get(2812 * CHUNK + 5), store.get(5))
    assert min(spent) < 0.5, spent


def test_metrics_that_cannot_be_written_are_said(tmp_path, monkeypatch, expect_log):
    expect_log("metrics cannot be written, .* again next time: .*No space left")
    store = MetricsStore(tmp_path / "s", 4)
    (tmp_path / "s").mkdir()
    store.put(0, {"flicker": 0.5})
    monkeypatch.setattr(envelope, "write", full_disk)
    store.flush()


def test_a_clip_that_cannot_be_sealed_loses_nothing_else(demo, tmp_path, monkeypatch, expect_log):
    monkeypatch.setenv("VSOD_CACHE", str(tmp_path / "cache"))
    with open_source(demo) as source:
        info = source.info
    store = open_store(info, "model")
    about = clip_maps.read_about(store.folder)
    clip_maps._write_about(store.folder, replace(about, content=""))
    monkeypatch.setattr(envelope, "write", full_disk)
    expect_log(r"the maps of .*demo\.mp4 will not be found when it is moved: .*No space left")
    clip_maps.seal(store, info)
    store.close()


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")

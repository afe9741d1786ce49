"""A person points at images: they are found, checked by name, decoded once; and what is wrong is one sentence."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from places import ROOT

from hpo_core.errors import DataError
from hpo_core.workloads.images import dataset as datasets
from hpo_core.workloads.images.cache import cache_size, clear_cache
from hpo_core.workloads.images.cache_place import cache_path
from hpo_core.workloads.images.dataset import check, prepare

RED, GREEN, BLUE = (200, 30, 30), (30, 200, 30), (30, 30, 200)


def save(
    path: Path, colour: tuple[int, ...] | int = RED, mode: str = "RGB", size: int = 12, **options: Any
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (size, size), colour).save(path, **options)
    return path


@pytest.fixture
def fruits(tmp_path: Path) -> Path:
    """Fruits-360 in small: two classes, four training and two test images each."""
    root = tmp_path / "fruits"
    for part, count in (("Training", 4), ("Test", 2)):
        for name, colour in (("Apple Red 1", RED), ("Kiwi", GREEN)):
            for number in range(count):
                save(root / part / name / f"{number}_100.jpg", colour)
    return root


def table(root: Path, **more: Any) -> dict[str, Any]:
    return {"source": "folder", "path": str(root), "image_size": [8, 8], **more}


def said(root: Path, **more: Any) -> str:
    with pytest.raises(DataError) as caught:
        check(table(root, **more))
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


# Layouts -----------------------------------------------------------------------------------------------------


def test_fruits_360_is_found_as_it_is(fruits: Path) -> None:
    data = prepare(table(fruits))
    assert data.classes == ("Apple Red 1", "Kiwi")
    assert (data.x_train.shape, data.x_val.shape) == ((8, 8, 8, 3), (4, 8, 8, 3))
    assert data.y_train.tolist() == [0] * 4 + [1] * 4
    assert data.y_val.tolist() == [0, 0, 1, 1]
    assert isinstance(data.x_train, np.memmap)
    for colour, image in zip([RED] * 4 + [GREEN] * 4, data.x_train, strict=True):
        np.testing.assert_allclose(image.mean(axis=(0, 1)), colour, atol=6)
    assert data.summary() == "2 classes, 8 training images and 4 validation images of 8×8"


@pytest.mark.parametrize("names", [("training", "VALIDATION"), ("Train", "val"), ("TRAINING", "test")])
def test_the_folders_may_be_written_in_any_case(fruits: Path, names: tuple[str, str]) -> None:
    (fruits / "Training").rename(fruits / names[0])
    (fruits / "Test").rename(fruits / names[1])
    assert len(prepare(table(fruits)).y_val) == 4


def test_one_folder_of_classes_keeps_a_fixed_share_of_each_for_validation(fruits: Path) -> None:
    whole = fruits / "Training"
    data = prepare(table(whole, validation_split=0.25))
    assert (data.y_train.tolist(), data.y_val.tolist()) == ([0, 0, 0, 1, 1, 1], [0, 1])
    half = prepare(table(whole, validation_split=0.5))
    assert half.y_val.tolist() == [0, 0, 1, 1]
    assert half.fingerprint != data.fingerprint


def test_the_share_that_is_kept_does_not_depend_on_the_other_files(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(20)]
    kept = datasets.folder.held_out([0] * 20, names, 0.2, ["a"])
    shuffled = list(reversed(names))
    again = datasets.folder.held_out([0] * 20, shuffled, 0.2, ["a"])
    assert {n for n, out in zip(names, kept, strict=True) if out} == {
        n for n, out in zip(shuffled, again, strict=True) if out
    }
    assert sum(kept) == 4


def test_what_file_managers_leave_behind_is_no_image(fruits: Path) -> None:
    (fruits / "Training" / "Kiwi" / ".DS_Store").write_bytes(b"x")
    (fruits / "Training" / "Kiwi" / "Thumbs.db").write_bytes(b"x")
    (fruits / "Training" / ".cache").mkdir()
    assert len(prepare(table(fruits)).y_train) == 8


# Formats -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "gif", "webp"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_every_format_becomes_rgb_of_the_size_asked_for(fruits: Path, suffix: str, mode: str) -> None:
    for old in (fruits / "Test" / "Kiwi").iterdir():
        old.unlink()
    save(fruits / "Test" / "Kiwi" / f"one.{suffix}", BLUE if mode == "RGB" else 90, mode, size=31)
    image = prepare(table(fruits)).x_val[-1]
    assert image.shape == (8, 8, 3)
    np.testing.assert_allclose(image.mean(axis=(0, 1)), BLUE if mode == "RGB" else (90, 90, 90), atol=6)


def test_of_an_animation_the_first_frame_counts(fruits: Path) -> None:
    frames = [Image.new("RGB", (12, 12), colour) for colour in (RED, BLUE)]
    frames[0].save(fruits / "Test" / "Kiwi" / "z.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(prepare(table(fruits)).x_val[-1].mean(axis=(0, 1)), RED, atol=6)


def test_transparency_becomes_white_and_deep_grey_keeps_its_shade(fruits: Path) -> None:
    save(fruits / "Test" / "Kiwi" / "y.png", (*BLUE, 0), "RGBA")
    deep = Image.fromarray(np.full((12, 12), 128 * 256, np.uint16))
    deep.save(fruits / "Test" / "Kiwi" / "z.png")
    clear, grey = prepare(table(fruits)).x_val[-2:]
    assert (clear == 255).all()
    assert (grey == 128).all()


# What can be wrong -------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_or_is_a_file(tmp_path: Path) -> None:
    assert (
        said(tmp_path / "gone") == f"There is no data folder {tmp_path / 'gone'}; give the right path in [data]."
    )
    file = save(tmp_path / "apple.png")
    assert "is a file; give the folder" in said(file)


def test_a_folder_that_holds_nothing_or_too_little(tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    assert "holds no class folders" in said(root)
    save(root / "Kiwi" / "1.png")
    assert "one class only (Kiwi)" in said(root)
    (root / "Lemon").mkdir()
    assert said(root).startswith(f"{root / 'Lemon'} holds no image")
    save(root / "Lemon" / "1.png")
    assert "has one image only" in said(root)


def test_a_training_folder_that_is_missing_or_empty(fruits: Path) -> None:
    (fruits / "Training").rename(fruits / "elsewhere")
    (fruits / "elsewhere").rename(fruits.parent / "elsewhere")
    assert "holds Test but no Training folder" in said(fruits)
    (fruits / "Training").mkdir()
    assert "holds no class folders" in said(fruits)


@pytest.mark.parametrize(("part", "other"), [("Training", "Test"), ("Test", "Training")])
def test_classes_that_differ_between_training_and_test(fruits: Path, part: str, other: str) -> None:
    save(fruits / part / "Mango" / "1.png")
    assert said(fruits) == f"{fruits}: class Mango is in {part} but not in {other}; make the two agree."


def damaged(kind: str, path: Path) -> None:
    whole = save(path, size=60).read_bytes()
    text = b"no image at all, just words " * 9
    path.write_bytes(
        {"empty": b"", "cut short": whole[: len(whole) // 2], "text": text, "zeros": b"\0" * 999}[kind]
    )


@pytest.mark.fault(31)
@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "gif", "webp"])
@pytest.mark.parametrize("kind", ["empty", "cut short", "text", "zeros"])
def test_a_damaged_image_is_named_before_training(fruits: Path, kind: str, suffix: str) -> None:
    damaged(kind, fruits / "Training" / "Kiwi" / f"bad.{suffix}")
    sentence = said(fruits)
    assert f"1 of 13 images cannot be read: Training/Kiwi/bad.{suffix} (" in sentence
    assert 'on_corrupt = "skip"' in sentence


def test_a_file_in_a_foreign_format_is_named(fruits: Path) -> None:
    save(fruits / "Training" / "Kiwi" / "scan.tiff")
    assert "Training/Kiwi/scan.tiff (not a JPEG" in said(fruits)


def test_of_many_damaged_images_the_first_are_named_and_all_are_counted(fruits: Path) -> None:
    for number in range(5):
        damaged("empty", fruits / "Training" / "Kiwi" / f"bad{number}.jpg")
    sentence = said(fruits)
    assert "5 of 17 images" in sentence
    assert sentence.count("(empty file)") == 3
    assert "and 2 more" in sentence


@pytest.mark.fault(31)
def test_damaged_images_are_left_out_where_that_is_asked_for_and_never_kept_from_one_who_does_not_ask(
    fruits: Path,
) -> None:
    damaged("text", fruits / "Training" / "Apple Red 1" / "a bad one.jpg")
    data = prepare(table(fruits, on_corrupt="skip"))
    assert (len(data.y_train), len(data.y_val)) == (8, 4)
    assert [name.split(" (")[0] for name in data.skipped] == ["Training/Apple Red 1/a bad one.jpg"]
    assert data.summary().endswith("1 unreadable file left out")
    np.testing.assert_allclose(data.x_train[0].mean(axis=(0, 1)), RED, atol=6)
    np.testing.assert_allclose(data.x_train[4].mean(axis=(0, 1)), GREEN, atol=6)
    assert "a bad one.jpg" in said(fruits), "also out of the cache"


@pytest.mark.fault(32)
def test_a_class_of_which_nothing_is_left_is_an_error(fruits: Path) -> None:
    for image in (fruits / "Test" / "Kiwi").iterdir():
        image.write_bytes(b"")
    assert said(fruits, on_corrupt="skip") == f"{fruits}: no validation image of class Kiwi can be read."


def test_hostile_names_are_shown_harmless(fruits: Path) -> None:
    damaged("empty", fruits / "Training" / "Kiwi" / "\x1b[2J\u202e.jpg")
    assert "\x1b" not in said(fruits)
    assert "␛[2J<U+202E>.jpg" in said(fruits)


def test_generated_fruit_has_only_so_many_classes() -> None:
    with pytest.raises(DataError, match="2 to 16 classes"):
        check({"source": "fruit", "classes": 17})


# The cache ---------------------------------------------------------------------------------------------------


def test_images_are_decoded_once(fruits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    first = prepare(table(fruits), lambda done, total: seen.append((done, total)))
    assert seen == [(done, 12) for done in range(1, 13)]
    monkeypatch.setattr(datasets, "decode_all", None)
    second = prepare(table(fruits), lambda done, total: seen.append((done, total)))
    assert len(seen) == 12
    assert second.fingerprint == first.fingerprint
    np.testing.assert_array_equal(second.x_train, first.x_train)


def test_what_changes_the_images_changes_the_fingerprint(fruits: Path) -> None:
    prints = [prepare(table(fruits)).fingerprint, prepare({**table(fruits), "image_size": [9, 8]}).fingerprint]
    image = fruits / "Training" / "Kiwi" / "0_100.jpg"
    save(image, BLUE)
    prints.append(prepare(table(fruits)).fingerprint)
    image.rename(image.with_name("other.jpg"))
    prints.append(prepare(table(fruits)).fingerprint)
    (image.with_name("other.jpg")).unlink()
    prints.append(prepare(table(fruits)).fingerprint)
    assert len(set(prints)) == 5


def test_the_same_images_at_another_place_and_time_have_the_same_fingerprint(fruits: Path) -> None:
    before = prepare(table(fruits)).fingerprint
    moved = fruits.rename(fruits.parent / "moved")
    os.utime(moved / "Training" / "Kiwi" / "0_100.jpg", ns=(1, 1))
    assert prepare(table(moved)).fingerprint == before


def test_the_cache_tells_its_size_and_can_be_cleared(fruits: Path) -> None:
    assert cache_size() == 0
    prepare(table(fruits))
    other = cache_path() / "not-ours.txt"
    other.write_text("kept")
    assert cache_size() >= 12 * 8 * 8 * 3
    freed = clear_cache()
    assert freed >= 12 * 8 * 8 * 3
    assert cache_size() == 0
    assert list(cache_path().iterdir()) == [other]
    assert len(prepare(table(fruits)).y_train) == 8


def test_a_damaged_entry_is_made_anew(fruits: Path) -> None:
    first = np.array(prepare(table(fruits)).x_train)
    (entry,) = (path for path in cache_path().iterdir() if path.is_dir())
    (entry / "images.npy").write_bytes(b"torn")
    np.testing.assert_array_equal(prepare(table(fruits)).x_train, first)


def test_a_decoding_that_fails_leaves_nothing_behind(fruits: Path) -> None:
    damaged("empty", fruits / "Training" / "Kiwi" / "bad.jpg")
    said(fruits)
    assert not [path for path in cache_path().iterdir() if path.is_dir()]


def test_of_two_workers_at_once_one_decodes_and_both_have_the_images(
    fruits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded, together = [], threading.Barrier(2)
    decode_all = datasets.decode_all

    def counted(*args: Any) -> Any:
        decoded.append(1)
        return decode_all(*args)

    monkeypatch.setattr(datasets, "decode_all", counted)
    found = []

    def work() -> None:
        together.wait(60)
        found.append(prepare(table(fruits)))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert decoded == [1]
    np.testing.assert_array_equal(found[0].x_train, found[1].x_train)


def test_a_cache_that_cannot_be_written_is_one_sentence(fruits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HPO_TUI_CACHE", str(save(fruits.parent / "file.png")))
    assert "cannot be written" in said(fruits)


def test_a_disk_that_is_too_small_is_said_before_decoding(fruits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr("shutil.disk_usage", lambda place: usage)
    assert "need 2,304 bytes in the cache folder" in said(fruits)


# Arrays ------------------------------------------------------------------------------------------------------


def npz(path: Path, **arrays: Any) -> dict[str, Any]:
    np.savez(path, **arrays)
    return {"source": "npz", "path": str(path)}


GREY = np.arange(10 * 6 * 5, dtype=np.uint8).reshape(10, 6, 5)
LABELS = np.array([0, 1] * 5)


def test_an_npz_with_a_test_part_is_taken_as_it_is(tmp_path: Path) -> None:
    data = prepare(npz(tmp_path / "a.npz", x_train=GREY, y_train=LABELS, x_test=GREY[:4], y_test=LABELS[:4]))
    assert data.x_train.shape == (10, 6, 5, 3)
    np.testing.assert_array_equal(data.x_val[..., 1], GREY[:4])
    assert data.classes == ("0", "1")


def test_an_npz_without_one_is_split_by_class(tmp_path: Path) -> None:
    one_hot = np.eye(2)[LABELS]
    floats = GREY.astype(np.float64)[..., None].repeat(3, axis=-1) / 255
    data = prepare(npz(tmp_path / "a.npz", x_train=floats, y_train=one_hot, classes=np.array(["cat", "dog"])))
    assert np.bincount(data.y_val).tolist() == [1, 1]
    assert data.classes == ("cat", "dog")
    kept = {image.tobytes() for image in (*data.x_train[..., 0], *data.x_val[..., 0])}
    assert kept == {image.tobytes() for image in GREY}


def test_an_npz_can_be_resized(tmp_path: Path) -> None:
    data = prepare({**npz(tmp_path / "a.npz", x_train=GREY, y_train=LABELS), "image_size": [12, 10]})
    assert data.image_size == (12, 10)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"x_train": GREY}, "lacks y_train"),
        ({"x_train": GREY, "y_train": LABELS, "x_test": GREY}, "lacks y_test"),
        ({"x_train": GREY, "y_train": LABELS[:3]}, "10 images, y_train 3 labels"),
        ({"x_train": GREY[:, 0], "y_train": LABELS}, "its shape is (10, 5)"),
        ({"x_train": GREY, "y_train": LABELS * 0}, "one class only"),
        ({"x_train": GREY - 1000.0, "y_train": LABELS}, "from 0 to 255"),
        ({"x_train": GREY * np.nan, "y_train": LABELS}, "from 0 to 255"),
        ({"x_train": GREY, "y_train": LABELS - 1}, "whole numbers from 0"),
        ({"x_train": np.array([{}] * 10), "y_train": LABELS}, "never unpickled"),
    ],
)
def test_an_npz_that_makes_no_sense_is_one_sentence(tmp_path: Path, arrays: Any, sentence: str) -> None:
    with pytest.raises(DataError, match=re.escape(sentence)):
        check(npz(tmp_path / "a.npz", **arrays))


def test_an_npz_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no npz file"):
        check({"source": "npz", "path": str(tmp_path / "gone.npz")})
    (tmp_path / "text.npz").write_text("words")
    with pytest.raises(DataError, match="cannot be read as npz"):
        check({"source": "npz", "path": str(tmp_path / "text.npz")})


# Manners -----------------------------------------------------------------------------------------------------


def test_checking_images_imports_no_tensorflow(fruits: Path) -> None:
    code = """
import json, sys
from hpo_core.workloads.images.dataset import check
check(json.loads(sys.argv[1]))
print(sorted({"tensorflow", "keras", "pandas", "textual"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(table(fruits))], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_real_fruit_shapes_are_found_whole() -> None:
    root = ROOT / "../shared/data/fruit-shapes"
    if not root.is_dir():
        pytest.skip("the fruit-shapes images are not at hand")
    data = prepare({"source": "folder", "path": str(root.resolve()), "image_size": [100, 100]})
    assert (len(data.classes), len(data.y_train), len(data.y_val)) == (12, 1200, 360)

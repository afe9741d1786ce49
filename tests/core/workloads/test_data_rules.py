"""Nothing is misread: pixels, labels and folders are taken by a rule that is said, or they are refused."""

from __future__ import annotations

import io
import os
import pathlib
import re
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hpo_core.errors import DataError
from hpo_core.workloads.images import contents, npz
from hpo_core.workloads.images.cache_place import cache_path
from hpo_core.workloads.images.dataset import Dataset, check, prepare
from hpo_core.workloads.images.read_script import reading

RED, GREEN = (200, 30, 30), (30, 200, 30)
BYTES = np.linspace(0, 255, 12 * 6 * 5).round().astype(np.uint8).reshape(12, 6, 5)
UNIT = BYTES / 255
LABELS = np.array([0, 1, 2] * 4)


def save(path: Path, colour: Any = RED, size: tuple[int, int] = (12, 12), **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, **options)
    return path


@pytest.fixture
def fruits(tmp_path: Path) -> Path:
    """Two classes of three images, without a Training folder."""
    for name, colour in (("Apple", RED), ("Kiwi", GREEN)):
        for number in range(3):
            save(tmp_path / "fruits" / name / f"{number}.png", colour)
    return tmp_path / "fruits"


def folder(root: Path, **more: Any) -> dict[str, Any]:
    return {"source": "folder", "path": str(root), "image_size": [8, 8], **more}


def arrays(tmp_path: Path, x: Any = BYTES, y: Any = LABELS, **more: Any) -> dict[str, Any]:
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, **more)
    return {"source": "npz", "path": str(tmp_path / "a.npz")}


def refused(table: dict[str, Any]) -> str:
    with pytest.raises(DataError) as caught:
        check(table)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert sentence.isprintable()
    return sentence


def grey(data: Dataset) -> np.ndarray[Any, Any]:
    """The images' numbers, whichever part they are in."""
    return np.sort(np.concatenate([data.x_train[..., 0].ravel(), data.x_val[..., 0].ravel()]))


def with_pixel(x: np.ndarray[Any, Any], value: float) -> np.ndarray[Any, Any]:
    changed = x.copy()
    changed[-1, -1, -1] = value
    return changed


# Pixels ------------------------------------------------------------------------------------------------------


@pytest.mark.fault(50)
@pytest.mark.parametrize(
    ("x", "said"),
    [
        (BYTES, "x_train: 12 images, uint8 from 0 to 255"),
        (BYTES.astype(np.int64), "x_train: 12 images, int64 from 0 to 255"),
        (BYTES.astype(np.float32), "x_train: 12 images, float32 from 0 to 255"),
        (UNIT, "x_train: 12 images, float64 from 0 to 1, taken as 0 to 1"),
        (UNIT.astype(np.float16), "x_train: 12 images, float16 from 0 to 1, taken as 0 to 1"),
        (
            with_pixel(UNIT, 1.02),
            "from 0 to 1.02, taken as 0 to 1; 1 of 360 pixels lie outside and are cut off",
        ),
        (with_pixel(BYTES * 1.0, 257.5), "from 0 to 257.5; 1 of 360 pixels lie outside and are cut off"),
    ],
)
def test_the_same_images_in_any_numbers_are_the_same_and_their_range_is_said(
    tmp_path: Path, x: Any, said: str
) -> None:
    table = arrays(tmp_path, x)
    np.testing.assert_array_equal(grey(prepare(table)), np.sort(BYTES.ravel()))
    assert said in check(table)


@pytest.mark.fault(50)
@pytest.mark.parametrize("kind", [bool, np.uint8, np.int32])
def test_masks_of_0_and_1_are_black_and_white(tmp_path: Path, kind: Any) -> None:
    table = arrays(tmp_path, (BYTES > 90).astype(kind))
    assert "from 0 to 1, taken as black and white" in check(table)
    assert {*grey(prepare(table)).tolist()} == {0, 255}


@pytest.mark.fault(50)
@pytest.mark.parametrize(
    ("x", "why"),
    [
        (BYTES // 16, "no pixel is brighter than 15"),  # as scikit-learn's digits
        (UNIT / 255, "no pixel is brighter than 0.00392157"),
        (with_pixel(UNIT, 200), "whether 1 or 255 is full brightness cannot be decided"),
        (with_pixel((BYTES > 90).astype(np.uint8), 255), "whether 1 or 255 is full brightness cannot be decided"),
        (np.concatenate([UNIT[:6], BYTES[6:]]), "6 of 12 images only to 1"),
        (UNIT * 2 - 1, "they run from -1 to 1"),
        (BYTES.astype(np.int16) - 1, "they run from -1 to 254"),
        (BYTES.astype(np.uint16) * 257, "they run from 0 to 65535"),
        (np.where(BYTES > 200, UNIT * 1.08, UNIT), "lie outside"),
        (with_pixel(UNIT, np.nan), "1 of 360 pixels are NaN or infinite"),
        (UNIT.astype(complex), "of complex128"),
        (BYTES.astype("m8[s]"), "of timedelta64"),
        (BYTES[:, :0], "is empty"),
    ],
)
def test_pixels_of_which_the_range_cannot_be_decided_are_refused_by_name(tmp_path: Path, x: Any, why: str) -> None:
    assert why in (sentence := refused(arrays(tmp_path, x)))
    assert "x_train" in sentence


@pytest.mark.fault(50)
def test_training_and_test_images_have_one_range(tmp_path: Path) -> None:
    assert "x_train is from 0 to 1, x_test from 0 to 255" in refused(
        arrays(tmp_path, UNIT, x_test=BYTES, y_test=LABELS)
    )
    dark = prepare(arrays(tmp_path, BYTES, x_test=BYTES[:1], y_test=LABELS[:1]))
    np.testing.assert_array_equal(dark.x_val[..., 0], BYTES[:1])


@pytest.mark.fault(50)
def test_files_that_are_masks_of_0_and_1_are_refused(fruits: Path) -> None:
    assert "pixels from 30 to 200" in check(folder(fruits))
    for path in fruits.glob("*/*.png"):
        save(path, (1, 1, 1))
    assert "no pixel of any image is brighter than 1 of 255" in refused(folder(fruits))


# Labels ------------------------------------------------------------------------------------------------------


@pytest.mark.fault(51)
@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (LABELS, ("0", "1", "2")),
        (LABELS[:, None].astype(np.uint8), ("0", "1", "2")),
        (LABELS.astype(np.float32), ("0", "1", "2")),
        (LABELS + 1, ("1", "2", "3")),
        (np.eye(3)[LABELS], ("0", "1", "2")),
        (LABELS == 1, ("False", "True")),
        (np.array(["cat", "dog", "eel"])[LABELS], ("cat", "dog", "eel")),
        (np.array([b"b", b"a", b"\xe9"])[LABELS], ("\\xe9", "a", "b")),
        (np.array(["10", "2", "33"])[LABELS], ("10", "2", "33")),
    ],
)
def test_labels_are_the_classes_that_they_say(tmp_path: Path, y: Any, classes: tuple[str, ...]) -> None:
    table = arrays(tmp_path, y=y)
    data = prepare(table)
    assert data.classes == classes
    flat = LABELS if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)
    names = [str(v.decode("utf-8", "backslashreplace") if isinstance(v, bytes) else v) for v in flat.tolist()]
    if y.dtype.kind == "f":
        names = [str(int(value)) for value in flat]
    for image, label in zip((*data.x_train, *data.x_val), (*data.y_train, *data.y_val), strict=True):
        row = next(row for row in range(12) if (BYTES[row] == image[..., 0]).all())
        assert data.classes[label] == names[row]
    assert f"{len(classes)} classes: {', '.join(classes)}" in check(table)


@pytest.mark.fault(51)
@pytest.mark.parametrize(
    ("y", "why"),
    [
        (LABELS + 0.5, "holds fractions (0.5): those are numbers to predict"),
        (np.array(["0.5", "1.5", "3"])[LABELS], "fractions (0.5): those are numbers to predict"),
        (LABELS * np.nan, "NaN or infinite"),
        (np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]])[LABELS], "have not a single 1"),
        (np.eye(3)[LABELS] * 0.9 + 0.03, "that are not 0 and 1"),
        (np.array([1, 2, 4])[LABELS], "they are 1, 2 and 4"),
        (LABELS - 1, "they are -1, 0 and 1"),
        (LABELS * 2**32, "those are no classes"),
        (LABELS.astype(float) * 1e18, "those are no classes"),
        (np.arange(12), "12 different labels for 12 images"),
        (LABELS.astype("M8[D]"), "holds dates"),
        (LABELS.astype("m8[D]"), "labels are whole numbers or texts"),
        (LABELS.astype(complex), "labels are whole numbers or texts"),
        (np.array(["cat", "Cat ", "dog"])[LABELS], "'Cat ' and 'cat' one class or two?"),
        (np.array(["7", "007", "dog"])[LABELS], "one class or two?"),
        (np.array(["cat", "", "dog"])[LABELS], "4 of 12 labels empty or nan (row 1)"),
        (np.array(["cat", "nan", "dog"])[LABELS], "4 of 12 labels empty or nan (row 1)"),
        (np.array([f"2024-01-{day:02}" for day in range(1, 13)]), "12 different labels for 12 images"),
        (np.zeros((12, 2, 2)), "its shape is (12, 2, 2)"),
        (np.int64(3), "y_train 1 labels"),
    ],
)
def test_labels_that_could_be_something_else_are_refused_by_name(tmp_path: Path, y: Any, why: str) -> None:
    assert why in (sentence := refused(arrays(tmp_path, y=y)))
    assert "y_train" in sentence or "labels" in sentence


@pytest.mark.fault(51)
@pytest.mark.parametrize(
    ("y", "more", "why"),
    [
        (LABELS + 1, {"classes": np.array(["a", "b", "c"])}, "from 0 to 2, one for each class that is named"),
        (LABELS, {"classes": np.array(["a", "b", "c", "d"])}, "no image of class d"),
        (LABELS, {"classes": np.array(["a", "b", "b"])}, "names a class twice"),
        (np.eye(3)[LABELS], {"classes": np.array(["a", "b"])}, "3 columns, and 2 classes are named"),
        (np.array(["a", "b", "c"])[LABELS], {"classes": np.array(["a", "b"])}, "c is not among the classes"),
        (LABELS % 2, {"x_test": BYTES, "y_test": LABELS}, "no image of class 2"),
        (LABELS, {"x_test": BYTES, "y_test": np.array(["0"] * 12)}, "not of one kind"),
    ],
)
def test_labels_that_do_not_agree_with_the_classes_or_the_test_labels_are_refused(
    tmp_path: Path, y: Any, more: dict[str, Any], why: str
) -> None:
    assert why in refused(arrays(tmp_path, y=y, **more))


# npz files that lie ------------------------------------------------------------------------------------------


def zipped(path: Path, header: dict[str, Any], body: bytes, compression: int = zipfile.ZIP_STORED) -> None:
    np.savez(path, y_train=LABELS)
    start = io.BytesIO()
    np.lib.format.write_array_header_1_0(start, header)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x_train.npy", start.getvalue() + body, compression)


@pytest.mark.fault(56)
@pytest.mark.parametrize("descr", ["|u1", "<f8", "<U100000000"])
def test_a_header_that_claims_terabytes_is_refused_by_what_the_file_holds(tmp_path: Path, descr: str) -> None:
    header = {"descr": descr, "fortran_order": False, "shape": (3_000_000, 1000, 1000)}
    zipped(tmp_path / "a.npz", header, b"few")
    said = r"x_train cannot be read: its header promises [\d,]+ bytes, the file holds 3\."
    assert re.search(said, refused(arrays_at(tmp_path)))


@pytest.mark.fault(56)
def test_a_file_that_unpacks_without_end_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(npz, "BOMB_BYTES", 1_000_000)
    header = {"descr": "|u1", "fortran_order": False, "shape": (12, 1000, 1000)}
    zipped(tmp_path / "a.npz", header, bytes(12_000_000), zipfile.ZIP_DEFLATED)
    assert "as no images do" in refused(arrays_at(tmp_path))


@pytest.mark.fault(56)
def test_more_than_the_memory_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 100}))
    assert "0.0 GB of memory are free" in refused(arrays(tmp_path))


@pytest.mark.fault(56)
@pytest.mark.parametrize("place", [60, 0.3, 0.6, -40])
def test_a_damaged_npz_is_one_sentence(tmp_path: Path, place: float) -> None:
    table = arrays(tmp_path)
    whole = bytearray((tmp_path / "a.npz").read_bytes())
    start = int(place * len(whole)) if isinstance(place, float) else place % len(whole)
    whole[start : start + 20] = b"\xff" * 20
    (tmp_path / "a.npz").write_bytes(whole)
    assert "a.npz" in refused(table)


def arrays_at(tmp_path: Path) -> dict[str, Any]:
    return {"source": "npz", "path": str(tmp_path / "a.npz")}


@pytest.mark.parametrize("name", ["a\0b.npz", "x" * 300, "a.npz/b"])
def test_a_path_that_no_file_can_have_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.npz").write_bytes(b"")
    assert "There is no npz file" in refused({"source": "npz", "path": f"{tmp_path}/{name}"})
    assert "folder" in refused(folder(tmp_path / name)) or name.startswith("a.npz")


# Folders -----------------------------------------------------------------------------------------------------


@pytest.mark.fault(52)
def test_images_below_a_class_folder_are_of_that_class_and_said_by_folder(fruits: Path) -> None:
    save(fruits / "Apple" / "old" / "a" / "7.png", RED)
    save(fruits / "Apple" / "8.png", RED)
    (fruits / "Apple" / "back").symlink_to(fruits / "Apple")
    data = prepare(folder(fruits))
    assert np.bincount(np.concatenate([data.y_train, data.y_val])).tolist() == [5, 3]
    said = check(folder(fruits))
    assert "1 image in folders below those of their classes: Apple/old/a/ (1)" in said
    assert "folders by a link: Apple/back/" in said
    for image, label in zip((*data.x_train, *data.x_val), (*data.y_train, *data.y_val), strict=True):
        np.testing.assert_array_equal(image[0, 0], (RED, GREEN)[label])


@pytest.mark.fault(52)
def test_what_is_in_no_class_is_left_out_and_said(fruits: Path) -> None:
    assert check(folder(fruits)).splitlines()[1] == (
        f"6 images of {fruits}, of which 2 (20% of each class) are for validation"
    )
    save(fruits / "beside.png")
    save(fruits / ".hidden" / "a.png")
    save(fruits / "Kiwi" / ".b.png")
    assert "by a link: beside.png, .hidden/, Kiwi/.b.png" in check(folder(fruits))
    for part in ("Training", "Test"):
        shutil.copytree(fruits / "Apple", fruits / part / "Apple")
        shutil.copytree(fruits / "Kiwi", fruits / part / "Kiwi")
    said = check(folder(fruits))
    assert "6 images of Training for training, 6 of Test for validation" in said
    assert "Training/Kiwi/.b.png, beside.png, .hidden/ and 3 more" in said


@pytest.mark.fault(52)
def test_where_each_class_folder_holds_the_same_folders_the_classes_cannot_be_decided(tmp_path: Path) -> None:
    for part in ("train_set", "test_set"):
        for name in ("Apple", "Kiwi"):
            save(tmp_path / "data" / part / name / "1.png")
            save(tmp_path / "data" / part / name / "2.png")
    assert "are the classes test_set, train_set or Apple, Kiwi," in refused(folder(tmp_path / "data"))


@pytest.mark.fault(52)
def test_two_folders_that_could_both_be_the_training_folder_are_refused(fruits: Path) -> None:
    for part in ("train", "Train"):
        save(fruits / part / "Kiwi" / "1.png")
    assert "holds both Train and train" in refused(folder(fruits))


@pytest.mark.fault(53)
def test_images_with_equal_names_sizes_and_times_are_not_taken_for_each_other(tmp_path: Path) -> None:
    found = []
    for shade in (40, 200):
        for label in "ab":
            for number in range(2):
                path = save(tmp_path / f"{shade}" / label / f"{number}.bmp", (shade,) * 3)
                os.utime(path, ns=(10**18, 10**18))
        found.append(prepare(folder(tmp_path / f"{shade}")))
    assert [data.x_train.max() for data in found] == [40, 200]
    assert found[0].fingerprint != found[1].fingerprint


@pytest.mark.fault(53)
def test_a_file_that_is_changed_under_its_old_size_and_time_is_seen(
    fruits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "SETTLED_SECONDS", -60.0)  # the files are as old as those of a real data set
    path = save(fruits / "Kiwi" / "1.bmp", GREEN)
    os.utime(path, ns=(10**18, 10**18))
    before = prepare(folder(fruits)).fingerprint
    monkeypatch.setattr(contents, "_digest", None)
    assert prepare(folder(fruits)).fingerprint == before, "what was read once is not read again"
    monkeypatch.undo()
    monkeypatch.setenv("HPO_TUI_CACHE", str(cache_path()))
    save(path, (31, 201, 31))
    os.utime(path, ns=(10**18, 10**18))
    assert prepare(folder(fruits)).fingerprint != before


@pytest.mark.fault(54)
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_a_photograph_is_upright_however_it_was_held(fruits: Path, orientation: int, suffix: str) -> None:
    upright = Image.new("RGB", (64, 32), (128, 128, 128))
    upright.paste((250, 250, 250), (0, 0, 32, 16))  # top left
    upright.paste((5, 5, 5), (32, 0, 64, 16))  # top right
    held = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(held[orientation]) if orientation in held else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(fruits / "Apple" / f"photo.{suffix}", exif=exif)
    shutil.copytree(fruits, fruits / "Training")
    shutil.copytree(fruits / "Training", fruits / "Test")
    data = prepare(folder(fruits, image_size=[32, 64]))
    image = data.x_val[3].astype(int)
    assert image[8, 16, 0] > 200
    assert image[8, 48, 0] < 60
    assert ("turned upright" in check(folder(fruits, image_size=[32, 64]))) == (orientation != 1)


@pytest.mark.fault(54)
def test_an_orientation_that_makes_no_sense_costs_no_image(fruits: Path) -> None:
    save(fruits / "Apple" / "9.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff nonsense")
    assert len(prepare(folder(fruits)).y_train) == 5


@pytest.mark.fault(55)
def test_a_class_whose_name_is_no_utf_8_is_trained_and_shown_escaped(fruits: Path) -> None:
    (fruits / "Kiwi").rename(os.fsdecode(os.fsencode(fruits) + b"/Kiw\xed"))
    data = prepare(folder(fruits))
    assert data.classes == ("Apple", "Kiw\\xed")
    assert data.prepared().classes[1].encode() == b"Kiw\\xed"
    save(Path(os.fsdecode(os.fsencode(fruits) + b"/Apple/\xff.png")))
    assert "7 images of " in check(folder(fruits))
    save(fruits / "Kiw\\xed" / "1.png")
    assert "Two class folders would both be shown" in refused(folder(fruits))


# The cache's disk --------------------------------------------------------------------------------------------


@pytest.mark.fault(48)
def test_a_cache_disk_that_fills_is_a_sentence_and_leaves_nothing(
    fruits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    assert f"need 1,152 bytes in the cache folder {cache_path()}" in refused(folder(fruits))
    assert [path for path in cache_path().glob("data-*") if "notes" not in path.name and path.is_dir()] == []
    monkeypatch.undo()
    monkeypatch.setattr("numpy.save", full)
    assert "cannot be written (No space left on device)" in refused(folder(fruits))


@pytest.mark.fault(48)
def test_what_a_killed_worker_left_half_written_is_taken_away(fruits: Path) -> None:
    fingerprint = prepare(folder(fruits)).fingerprint
    whole = cache_path() / f"data-{fingerprint}"
    whole.rename(half := cache_path() / f"data-{fingerprint}.x1.part")
    prepare(folder(fruits))
    assert whole.is_dir()
    assert not half.exists()


# The script that the winner comes with -----------------------------------------------------------------------


@pytest.mark.fault(52, 54, 55)
def test_a_script_of_its_own_reads_the_very_same_images(fruits: Path) -> None:
    (fruits / "Kiwi").rename(os.fsdecode(os.fsencode(fruits) + b"/Kiw\xed"))
    save(fruits / "Apple" / "old" / "7.png", RED)
    save(fruits / "Apple" / ".8.png", GREEN)
    (fruits / "Apple" / "Thumbs.db").write_bytes(b"x")
    exif = Image.Exif()
    exif[0x0112] = 6
    half = Image.new("RGB", (16, 16), RED)
    half.paste((0, 0, 0), (0, 8, 16, 16))
    half.save(fruits / "Apple" / "9.png", exif=exif)
    for part in ("Training", "Test"):
        (fruits / part).mkdir()
        for name in ("Apple", os.fsdecode(b"Kiw\xed")):
            shutil.copytree(fruits / name, fruits / part / name)
    data = prepare(folder(fruits))
    text, size, classes = reading(folder(fruits), fruits)
    utils = SimpleNamespace(
        load_img=lambda path: Image.open(path).convert("RGB"), to_categorical=lambda labels, n: np.eye(n)[labels]
    )
    script: dict[str, Any] = {"keras": SimpleNamespace(utils=utils), "pathlib": pathlib, "np": np}
    exec(text, script)
    assert (size, classes) == ((8, 8), 2)
    for x, y, name in ((data.x_train, data.y_train, "train"), (data.x_val, data.y_val, "val")):
        pairs = zip(script[f"x_{name}"], script[f"y_{name}"].argmax(axis=1), strict=True)
        assert sorted((int(label), image.tobytes()) for image, label in pairs) == sorted(
            (int(label), image.tobytes()) for image, label in zip(x, y, strict=True)
        )

"""A path is completed as a shell does it, and a folder of images says what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpo_tui.forms.paths import class_words, completed


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("fruits-100", "fruits-360", "notes", ".hidden"):
        (tmp_path / name).mkdir()
    for name in ("tune.py", "tuned.txt", "arrays.npz"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "suffix", "becomes", "fits"),
    [
        ("no", "", "notes/", ("notes/",)),
        ("fr", "", "fruits-", ("fruits-100/", "fruits-360/")),
        ("tu", ".py", "tune.py", ("tune.py",)),
        ("tu", "", "tu", ()),
        ("a", ".npz", "arrays.npz", ("arrays.npz",)),
        ("~/n", "", "~/notes/", ("~/notes/"[2:],)),
        (".h", "", ".hidden/", (".hidden/",)),
        ("nowhere/x", "", "nowhere/x", ()),
        ("~nobody-of-that-name/x", "", "~nobody-of-that-name/x", ()),
        ("a\0b/c", "", "a\0b/c", ()),
    ],
)
def test_a_path_is_completed_as_far_as_it_is_certain(
    place: Path, typed: str, suffix: str, becomes: str, fits: tuple[str, ...]
) -> None:
    assert completed(typed, suffix) == (becomes, fits)
    assert completed(f"{place}/{typed}", suffix)[0] == f"{place}/{becomes}" or typed.startswith("~")


def test_a_folder_of_images_says_how_many_classes_and_images_it_has(tmp_path: Path) -> None:
    for part, count in (("Training", 3), ("Test", 2)):
        for name in ("apple", "pear"):
            (tmp_path / part / name).mkdir(parents=True)
            for number in range(count):
                (tmp_path / part / name / f"{number}.png").touch()
    (tmp_path / "Training" / "pear" / ".DS_Store").touch()
    assert class_words(tmp_path) == "2 classes · 6 images to train, 4 to validate"
    assert class_words(tmp_path / "Training") == "2 classes · 6 images"
    assert class_words(tmp_path / "Training" / "pear") == ""
    assert class_words(tmp_path / "nowhere") == ""

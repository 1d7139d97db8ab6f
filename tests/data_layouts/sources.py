"""Small imitations of what people have: one for each source of pictures that docs/data-layouts.md lists."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tiny_sets as tiny

HEIC = struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + bytes(100)
COMMIT = "3f1c0d5b7a9e2468ace013579bdf02468ace1357"


@dataclass(frozen=True)
class Source:
    """`build` makes the imitation below a folder and gives back the path that somebody would give to `--data`.

    `loads`: classes, training images, test images and the name of the set. `says`: the sentence instead.
    """

    build: Callable[[Path], Path]
    loads: tuple[tuple[str, ...], int, int, str] | None = None
    says: str = ""


SOURCES: dict[str, Source] = {}
PETS = ("cat", "dog")


def source(
    name: str,
    *,
    classes: tuple[str, ...] = PETS,
    counts: tuple[int, int] = (8, 2),
    title: str = "pets",
    says: str = "",
) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    """Adds an imitation to SOURCES, under the name that the list in docs/ has for it."""

    def add(build: Callable[[Path], Path]) -> Callable[[Path], Path]:
        SOURCES[name] = Source(build, says=says) if says else Source(build, (classes, *counts, title))
        return build

    return add


def put(file: Path, content: bytes | str = b"\0\1\2\3") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def flat(folder: Path, *names: str) -> Path:
    """Pictures without class folders."""
    for row, name in enumerate(names):
        tiny.write_picture(folder / name, tiny.TRAIN_PIXELS[row])
    return folder


# ------------------------------------------------------------------------------------------------ class folders


@source("torchvision `ImageFolder`")
def image_folder(root: Path) -> Path:
    return tiny.write_pictures(root / "pets")


@source("Keras `image_dataset_from_directory`")
def keras_directory(root: Path) -> Path:
    put(tiny.write_pictures(root / "pets", suffix="jpg") / "labels.txt", "cat\ndog\n")
    return root / "pets"


@source("split-folders output", counts=(12, 4), title="output")
def split_folders(root: Path) -> Path:
    for part, count in (("train", 6), ("val", 2), ("test", 2)):
        tiny.write_pictures(root / "output" / part, count=count)
    return root / "output"


@source("Kaggle: class folders for training, loose pictures to predict", title="competition")
def kaggle_competition(root: Path) -> Path:
    tiny.write_pictures(root / "competition" / "train", suffix="jpg")
    flat(root / "competition" / "test", "1.jpg", "2.jpg")
    put(root / "competition" / "sample_submission.csv", "id,label\n1,cat\n")
    return root / "competition"


@source("Kaggle: `train.csv` beside loose pictures", says=r"pictures without class folders, .* seem to be in train.csv")
def kaggle_table(root: Path) -> Path:
    flat(root / "leaves" / "train", "a.jpg", "b.jpg")
    put(root / "leaves" / "train.csv", "id,label\na,oak\nb,ash\n")
    return root / "leaves"


@source("Kaggle: a folder in a folder of the same name", counts=(10, 4), title="intel")
def kaggle_nested(root: Path) -> Path:
    tiny.write_pictures(root / "intel" / "seg_train" / "seg_train")
    tiny.write_pictures(root / "intel" / "seg_test" / "seg_test", count=2)
    flat(root / "intel" / "seg_pred" / "seg_pred", "10.png", "11.png")
    return root / "intel"


@source("Kaggle: an archive beside what was unpacked from it", counts=(10, 4), title="brain")
def kaggle_archive(root: Path) -> Path:
    tiny.write_pictures(root / "brain" / "Training", suffix="jpg")
    tiny.write_pictures(root / "brain" / "Testing", count=2, suffix="jpg")
    put(root / "brain" / "archive.zip", b"PK\3\4")
    tiny.write_npz(root / "brain" / "features.npz")
    tiny.write_parquet_file(root / "brain" / "features.parquet", [b"x"], [0], columns=("embedding", "row"))
    return root / "brain"


@source("A zip unpacked by macOS")
def zip_of_macos(root: Path) -> Path:
    tiny.write_pictures(root / "pets")
    put(root / "pets" / "cat" / ".DS_Store")
    put(root / "__MACOSX" / "pets" / "cat" / "._0.png")
    put(root / "pets" / "dog" / "Icon\r")
    return root / "pets"


@source("A zip unpacked by Windows")
def zip_of_windows(root: Path) -> Path:
    tiny.write_pictures(root / "pets" / "pets", suffix="jpg")
    for name in ("THUMBS.DB", "Desktop.ini", "0.jpg:Zone.Identifier"):
        put(root / "pets" / "pets" / "cat" / name)
    put(root / "pets" / "System Volume Information" / "IndexerVolumeGuid")
    return root / "pets"


@source("A zip unpacked by Linux", classes=("caf\\xe9", "dog"))
def zip_of_linux(root: Path) -> Path:
    tiny.write_pictures(root / "pets", ("caf\udce9", "dog"))
    put(root / "pets" / "dog" / ".directory")
    put(root / "pets" / ".Trash-1000" / "files" / "old.png")
    return root / "pets"


@source("A Synology or QNAP drive")
def network_drive(root: Path) -> Path:
    tiny.write_pictures(root / "pets")
    put(root / "pets" / "cat" / "@eaDir" / "0.png" / "SYNOPHOTO_THUMB_M.jpg")
    put(root / "pets" / "@EADIR" / "cat" / "SYNOINDEX_MEDIA_INFO")
    put(root / "pets" / "#recycle" / "old.png")
    put(root / "pets" / ".@__thumb" / "default0.png")
    return root / "pets"


@source("A folder in Dropbox, OneDrive or iCloud")
def sync_client(root: Path) -> Path:
    tiny.write_pictures(root / "pets", suffix="jpeg")
    put(root / "pets" / ".dropbox")
    put(root / "pets" / ".dropbox.cache" / "old.jpeg")
    put(root / "pets" / "cat" / ".5.jpeg.icloud")
    put(root / "pets" / "dog" / ".849C9593-D756-4E56-8D6E-42412F2A707B")
    return root / "pets"


@source("Downloads of a web browser", counts=(10, 2))
def browser(root: Path) -> Path:
    tiny.write_pictures(root / "pets", suffix="jpg")
    put(root / "pets" / "cat" / "download.jfif", tiny.encode(tiny.TRAIN_PIXELS[11], "JPEG"))
    put(root / "pets" / "dog" / "download (1)", tiny.encode(tiny.TRAIN_PIXELS[12], "WEBP"))
    put(root / "pets" / "dog" / "photo.jpg.crdownload")
    return root / "pets"


@source("Web pages saved as pictures", says=r"1 of 11 that is not: cat/9.jpg \(a web page\)")
def web_pages(root: Path) -> Path:
    put(tiny.write_pictures(root / "pets") / "cat" / "9.jpg", "<!DOCTYPE html><html>Not found</html>")
    return root / "pets"


@source("Google Images downloader", title="simple_images")
def image_downloader(root: Path) -> Path:
    tiny.write_pictures(root / "simple_images", PETS, suffix="jpeg")
    put(root / "simple_images" / "logs" / "cat.json", "[]")
    return root / "simple_images"


@source("A phone's export, sorted into folders")
def phone(root: Path) -> Path:
    for name in PETS:
        for row in range(5):
            tiny.write_picture(root / "pets" / name / f"IMG_{row:04}.JPG", tiny.TRAIN_PIXELS[row])
        put(root / "pets" / name / "IMG_0001.AAE", "<plist/>")
        put(root / "pets" / name / "IMG_0001.MOV")
    return root / "pets"


@source(
    "A phone's export with HEIC pictures", says=r"Received: HEIC pictures, IMG_0007.HEIC .* Convert them to JPEG or PNG"
)
def phone_heic(root: Path) -> Path:
    put(tiny.write_pictures(root / "pets") / "cat" / "IMG_0007.HEIC", HEIC)
    return root / "pets"


@source(
    "A phone's camera folder, not sorted",
    says="2 to 100 classes. Received: 1, 100APPLE .* Make a folder for each class",
)
def camera_folder(root: Path) -> Path:
    flat(root / "DCIM" / "100APPLE", "IMG_0001.JPG", "IMG_0002.JPG")
    return root / "DCIM"


@source("WhatsApp pictures, sorted into folders")
def whatsapp(root: Path) -> Path:
    for name in PETS:
        flat(root / "pets" / name, *(f"IMG-2024010{row}-WA000{row}.jpg" for row in range(5)))
    put(root / "pets" / ".nomedia", b"")
    put(root / "pets" / "cat" / "VID-20240101-WA0009.mp4")
    return root / "pets"


@source("Google Takeout or Drive", title="Google Photos")
def takeout(root: Path) -> Path:
    albums = root / "Takeout" / "Google Photos"
    tiny.write_pictures(albums, suffix="jpg")
    for name in PETS:
        put(albums / name / "metadata.json", "{}")
        put(albums / name / "0.jpg.supplemental-metadata.json", "{}")
    put(root / "Takeout" / "archive_browser.html", "<html>")
    return albums


@source("Lightroom or a scanner: TIFF with notes beside it")
def lightroom(root: Path) -> Path:
    put(tiny.write_pictures(root / "pets", suffix="tif") / "cat" / "0.xmp", "<x:xmpmeta/>")
    return root / "pets"


@source("Pictures with 16 bits for each channel", says=r"does not have 8 bits per channel; save it with 8")
def sixteen_bits(root: Path) -> Path:
    tiny.write_picture(tiny.write_pictures(root / "pets") / "cat" / "9.png", np.full((32, 32), 40_000, np.uint16))
    return root / "pets"


@source("Roboflow, classification export", counts=(12, 4))
def roboflow(root: Path) -> Path:
    for part, count in (("train", 6), ("valid", 2), ("test", 2)):
        tiny.write_pictures(root / "pets" / part, count=count, suffix="jpg")
    put(root / "pets" / "README.roboflow.txt", "Pets - v1")
    return root / "pets"


@source("Roboflow or YOLO, detection export", says="pictures without class folders, such as 0.jpg")
def detection(root: Path) -> Path:
    for part in ("train", "val"):
        flat(root / "pets" / "images" / part, "0.jpg")
        put(root / "pets" / "labels" / part / "0.txt", "0 .5 .5 .1 .1")
    return root / "pets"


@source("Teachable Machine, samples of each class", classes=("Class 1-samples", "Class 2-samples"))
def teachable_machine(root: Path) -> Path:
    return tiny.write_pictures(root / "pets", ("Class 1-samples", "Class 2-samples"), suffix="jpg")


@source("Teachable Machine, the project", says="In Teachable Machine, download the samples of each class")
def teachable_project(root: Path) -> Path:
    return put(root / "project.tm", b"PK\3\4")


@source("Tiny ImageNet", classes=("n01443537", "n01629819"), title="tiny-imagenet-200")
def tiny_imagenet(root: Path) -> Path:
    top = root / "tiny-imagenet-200"
    for name in ("n01443537", "n01629819"):
        tiny.write_pictures(top / "train" / name, ("images",), suffix="JPEG")
        put(top / "train" / name / f"{name}_boxes.txt", "")
    flat(top / "val" / "images", "val_0.JPEG")
    put(top / "val" / "val_annotations.txt", "val_0.JPEG\tn01443537")
    flat(top / "test" / "images", "test_0.JPEG")
    put(top / "wnids.txt", "n01443537\n")
    return top


@source("Caltech 101", title="caltech-101")
def caltech(root: Path) -> Path:
    tiny.write_pictures(root / "caltech-101" / "101_ObjectCategories", suffix="jpg")
    for name in PETS:
        put(root / "caltech-101" / "Annotations" / name / "annotation_0001.mat")
    return root / "caltech-101"


@source(
    "Oxford pets: classes in the names of pictures", says="pictures without class folders, such as Abyssinian_1.jpg"
)
def oxford_pets(root: Path) -> Path:
    flat(root / "images", "Abyssinian_1.jpg", "beagle_1.jpg")
    return root / "images"


@source("Label Studio", says=r"Received: 1, images .* seem to be in result.json")
def label_studio(root: Path) -> Path:
    flat(root / "export" / "images", "1a2b-cat.jpg")
    put(root / "export" / "result.json", "[]")
    return root / "export"


# ------------------------------------------------------------------------------------------------ files of arrays


@source(
    "The Hub: a repository of parquet", classes=tuple(f"class {n}" for n in range(10)), counts=(20, 10), title="petals"
)
def hub_repository(root: Path) -> Path:
    tiny.write_parquet(root / "petals" / "data")
    put(root / "petals" / "README.md", "---\nlicense: mit\n---")
    return root / "petals"


@source("The Hub: files it converted", classes=tuple(f"class {n}" for n in range(10)), counts=(20, 10), title="petals")
def hub_converted(root: Path) -> Path:
    tiny.write_parquet(root / "made")
    for part in ("train", "test"):
        content = (root / "made" / f"{part}-00000-of-00001.parquet").read_bytes()
        put(root / "petals" / "default" / part / "0000.parquet", content)
    return root / "petals"


@source("The Hub's cache", classes=tuple(f"class {n}" for n in range(10)), counts=(20, 10), title="petals")
def hub_cache(root: Path) -> Path:
    top = root / "datasets--me--petals"
    tiny.write_parquet(root / "made")
    for part in ("train", "test"):
        file = root / "made" / f"{part}-00000-of-00001.parquet"
        put(top / "blobs" / part, file.read_bytes())
        link = top / "snapshots" / COMMIT / "data" / file.name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(Path("../../../blobs") / part)
    put(top / "refs" / "main", COMMIT)
    return top


@source("The Hub: a repository cloned without Git LFS", says="a pointer of Git LFS; `git lfs pull` fetches the file")
def hub_without_lfs(root: Path) -> Path:
    for part in ("train", "test"):
        put(root / "petals" / "data" / f"{part}-00000-of-00001.parquet", "version https://git-lfs.github.com/spec/v1\n")
    return root / "petals"


@source("`datasets.save_to_disk`", says="Save the set with `to_parquet`")
def saved_to_disk(root: Path) -> Path:
    put(root / "petals" / "train" / "data-00000-of-00001.arrow", b"ARROW1")
    put(root / "petals" / "dataset_dict.json", json.dumps({"splits": ["train"]}))
    return root / "petals"


@source("TensorFlow Datasets", says=r"Save its arrays with numpy.savez")
def tensorflow_datasets(root: Path) -> Path:
    put(root / "petals" / "1.0.0" / "petals-train.tfrecord")
    return root / "petals"


@source("CIFAR-10 as it is published", classes=tiny.CIFAR10_CLASSES, counts=(20, 10), title="CIFAR-10 (excerpt)")
def cifar(root: Path) -> Path:
    return tiny.write_python_archive(root)


@source("Own batches in CIFAR's format", classes=("rose", "tulip"), counts=(20, 10), title="petals")
def own_batches(root: Path) -> Path:
    for name, pixels in (("data_batch_1", tiny.TRAIN_PIXELS), ("test_batch", tiny.TEST_PIXELS)):
        planes = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2).reshape(len(pixels), -1))
        put(root / "petals" / name, pickle.dumps({"data": planes, "labels": np.arange(len(pixels)) % 2}, protocol=5))
    put(root / "petals" / "batches.meta", pickle.dumps({"label_names": ["rose", "tulip"]}))
    return root / "petals"


@source(
    "Fashion-MNIST as torchvision keeps it",
    classes=tuple(tiny.FASHION_CLASSES),
    counts=(20, 10),
    title="Fashion-MNIST (excerpt)",
)
def fashion(root: Path) -> Path:
    tiny.write_idx(root / "FashionMNIST" / "raw", compressed=False)
    return root


@source("A `.npz` of Keras", classes=tuple("0123456789"), counts=(20, 10), title="MNIST (excerpt)")
def keras_npz(root: Path) -> Path:
    return tiny.write_npz(root / "mnist.npz", x_train=tiny.GREY_TRAIN_PIXELS, x_test=tiny.GREY_TEST_PIXELS)


@source("An archive of pictures", says=r"Received: a zip archive .* Unpack it, and give the folder")
def zipped_pictures(root: Path) -> Path:
    return put(root / "pets.zip", b"PK\3\4")


@source("An HDF5 file", says=r"Received: an HDF5 file .* Save its arrays with numpy.savez")
def hdf5(root: Path) -> Path:
    return put(root / "signs.h5", b"\x89HDF\r\n\x1a\n")

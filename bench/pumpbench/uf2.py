# SPDX-License-Identifier: MIT
"""The official MicroPython images for the Raspberry Pi Pico, found on this machine by version.

Nothing is downloaded: an image that is missing is a `MissingImage` that says where to put it.
"""

from pathlib import Path

FOLDER = Path.home() / ".cache" / "rp2040py"
SOURCE = "https://micropython.org/download/RPI_PICO/"

# version -> the official file name
NAMES = {
    "1.21.0": "RPI_PICO-20231005-v1.21.0.uf2",
    "1.22.0": "RPI_PICO-20231227-v1.22.0.uf2",
}
DEFAULT_VERSION = "1.22.0"


class MissingImage(FileNotFoundError):
    """The text is a sentence for the user: which file, where from, where to."""

    def __init__(self, text: str):
        super().__init__(text)


def find_uf2(version: str = DEFAULT_VERSION, folder: Path = FOLDER) -> Path:
    """The image of MicroPython `version`; raises MissingImage when it is not there."""
    if version not in NAMES:
        known = ", ".join(NAMES)
        raise MissingImage(
            f"There is no known image of MicroPython {version}; use one of {known}."
        )
    path = folder / NAMES[version]
    if not path.is_file():
        raise MissingImage(f"Put {path.name} (from {SOURCE}) into {folder} and try again.")
    return path

"""What others made and we ship with the pages is what its README says, and comes with its licence."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

VENDOR = Path(__file__).parent.parent / "web" / "vendor"


@pytest.mark.parametrize("name", sorted(folder.name for folder in VENDOR.iterdir()))
def test_vendored_files_are_those_that_were_fetched(name: str) -> None:
    files = {path.name: path.read_bytes() for path in (VENDOR / name).iterdir()}
    readme, licence = files.pop("README.md").decode(), files.pop("LICENSE").decode()
    assert dict(re.findall(r"^\| `(.+)` \| `(.+)` \|$", readme, re.MULTILINE)) == {
        file: sha256(content).hexdigest() for file, content in files.items()
    }
    assert "Copyright (c)" in licence
    assert re.search(r"^Version: \d+\.\d+\.\d+", readme, re.MULTILINE)

"""What the tests of the installation share."""

import fcntl
import os
import pickle

import pytest

from tests.deploy.containerfile import Image


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """What the container file's commands make; the wheel lies in its `source/dist`.

    It is dear, so it is made once for all processes of a run: the first makes it, and the others wait for that.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / "image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = shared / "image.pickle"
        if not kept.exists():
            made = Image(shared / "image")
            made.build()
            kept.write_bytes(pickle.dumps(made))
    image: Image = pickle.loads(kept.read_bytes())
    return image

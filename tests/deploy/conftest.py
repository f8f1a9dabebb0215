"""What the tests of the installation share."""

import pytest

from tests.deploy.containerfile import Image


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """What the container file's commands make; the wheel lies in its `source/dist`. Made once: it is dear."""
    image = Image(tmp_path_factory.mktemp("image"))
    image.build()
    return image

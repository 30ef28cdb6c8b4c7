"""docs/batch.md and docs/scale.md lead somewhere. Their commands are run by `tests/test_examples_in_documents.py`."""

from __future__ import annotations

import pytest
from documents import links


@pytest.mark.parametrize("document", ["docs/batch.md", "docs/scale.md"])
def test_links_lead_somewhere(document: str) -> None:
    assert [path for path in links(document) if not path.exists()] == []

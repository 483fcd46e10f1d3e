"""Python looks for cycles rarely in a block, and as before after it."""

import gc

import pytest

from flitstack_pipeline.garbage import MOST, looked_for_rarely


def test_python_looks_as_often_as_before_when_a_block_ends_however_it_ends():
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="boom"), looked_for_rarely():
        assert gc.get_threshold()[0] >= MOST and gc.isenabled()
        with looked_for_rarely():
            pass
        assert gc.get_threshold()[0] >= MOST
        raise ValueError("boom")
    assert gc.get_threshold() == before

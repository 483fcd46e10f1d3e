"""Words of a dropdown and the options an account has already; right pairs worked out by hand."""

import pytest

from flitstack_pipeline.mapping.custom_columns import option_map

ROOFS = ("Asphalt Shingle", "Standing Seam Metal", "Clay Tile", "Not Inspected")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("Shingle", "Tile"), {"Shingle": "Asphalt Shingle", "Tile": "Clay Tile"}),
        (("Shingles",), {"Shingles": "Asphalt Shingle"}),
        (("Red Clay Tile",), {"Red Clay Tile": "Clay Tile"}),
        # two words of one option: nobody can tell which is meant
        (("Metal", "Standing Seam"), {"Metal": "Metal", "Standing Seam": "Standing Seam"}),
        # the option is another word's own
        (("Clay Tile", "Tile"), {"Clay Tile": "Clay Tile", "Tile": "Tile"}),
        # a negation is another thing
        (("Inspected",), {"Inspected": "Inspected"}),
        (("Slate",), {"Slate": "Slate"}),
    ],
)
def test_a_word_goes_to_the_one_option_that_shares_its_words(words, expected):
    found = option_map(words, ROOFS)
    assert found.labels == expected
    for word, label in expected.items():
        if word != label:
            assert found.hints[word] and found.confidence <= 0.8

"""Which custom columns are percentages: by their signs, or by a header that says so."""

import pytest

from flitstack_pipeline.mapping.custom_columns import infer_type
from flitstack_pipeline.mapping.profiles import profile_samples


@pytest.mark.parametrize(
    ("header", "values", "transform"),
    [
        ("Tax %", ["7.5", "8.25%", "6"], "rate"),
        ("Discount (%)", ["10", "5 %", "12.5%"], "rate"),
        ("Sales Tax Rate", ["7.5", "8.25%", "6"], "rate"),
        ("Markup", ["10%", "12%", "15 %"], "rate"),
        ("Tax (%)", ["7", "10", "8.25"], "number"),
        ("Discount", ["10", "50", "5%"], "text"),  # ten dollars, or ten per cent
        ("Tax %", ["$7.50", "$8.25", "$9.00"], "money"),
    ],
)
def test_a_percentage_is_known_by_its_sign_or_its_header(header, values, transform):
    assert infer_type(header, profile_samples(values), None).transform == transform

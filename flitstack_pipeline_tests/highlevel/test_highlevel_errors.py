"""Answers become exceptions a caller can tell apart."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from flitstack_pipeline.highlevel import errors
from flitstack_pipeline.highlevel.errors import parse_error


@dataclass
class Response:
    status_code: int
    body: object
    headers: dict = field(default_factory=dict)

    @property
    def content(self):
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequest),
        (401, errors.Unauthorized),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (422, errors.ValidationRejected),
        (429, errors.RateLimited),
        (500, errors.ServerFault),
        (503, errors.ServerFault),
        (418, errors.HighLevelError),
    ],
)
def test_each_status_has_its_exception(status, kind):
    error = parse_error("POST", "/contacts/", Response(status, {"message": "no"}))
    assert type(error) is kind
    assert (error.status, error.messages) == (status, ["no"])


def test_a_list_of_messages_stays_a_list_and_the_sentence_holds_all_of_it():
    body = {"message": ["property x should not exist", "y should not be empty"], "traceId": "t1"}
    error = parse_error("PUT", "/opportunities/{id}", Response(422, body))
    assert len(error.messages) == 2
    assert str(error) == (
        "PUT /opportunities/{id} answered 422: property x should not exist; "
        "y should not be empty (trace t1)"
    )


def test_a_duplicate_contact_names_the_contact_and_the_field():
    body = {
        "message": "This location does not allow duplicated contacts.",
        "meta": {"contactId": "c9", "matchingField": "phone"},
    }
    error = parse_error("POST", "/contacts/", Response(400, body))
    assert isinstance(error, errors.DuplicateContact)
    assert isinstance(error, errors.BadRequest)
    assert (error.contact_id, error.matching_field) == ("c9", "phone")


def test_a_duplicate_opportunity_names_the_existing_one():
    body = {
        "message": "Can not create duplicate opportunity for the contact.",
        "code": "OPPORTUNITY_NO_DUPLICATE",
        "meta": {"existingId": "o1"},
    }
    error = parse_error("POST", "/opportunities/", Response(400, body))
    assert isinstance(error, errors.DuplicateOpportunity)
    assert error.existing_id == "o1"


def test_a_duplicate_relation_is_told_apart():
    text = "Could not create relation: duplicate relation of object Ids for given association a1"
    error = parse_error("POST", "/associations/relations", Response(400, {"message": text}))
    assert isinstance(error, errors.DuplicateRelation)


def test_a_400_that_says_not_found_is_not_found():
    body = {"message": "Contact with id c1 not found"}
    assert isinstance(parse_error("GET", "/c", Response(400, body)), errors.NotFound)


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_scope_is_told_apart_from_a_wrong_token(status):
    scope = {"message": "The token is not authorized for this scope."}
    wrong = {"message": "Invalid JWT"}
    assert parse_error("GET", "/c", Response(status, scope)).scope_missing
    assert not parse_error("GET", "/c", Response(status, wrong)).scope_missing


def test_a_spent_day_is_told_apart_from_a_full_window():
    full = Response(429, {}, {"X-RateLimit-Daily-Remaining": "7", "Retry-After": "3"})
    error = parse_error("GET", "/c", full)
    assert type(error) is errors.RateLimited
    assert error.retry_after_s == 3
    spent = Response(429, {}, {"X-RateLimit-Daily-Remaining": "0"})
    assert isinstance(parse_error("GET", "/c", spent), errors.DailyQuotaSpent)


def test_a_page_of_html_is_cut_short_instead_of_parsed():
    error = parse_error("GET", "/c", Response(502, b"<html>" + b"x" * 5000))
    assert isinstance(error, errors.ServerFault)
    assert len(error.messages[0]) <= 200


def test_tokens_are_taken_out_of_messages():
    body = {"message": "Bearer abc.def is bad, pit-1234-5678 too"}
    assert "1234" not in str(parse_error("GET", "/c", Response(401, body)))

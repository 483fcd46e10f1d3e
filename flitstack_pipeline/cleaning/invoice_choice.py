"""Which job an invoice without a number belongs to, of its candidates.

Belongs here: the pure decision over the candidates of whole clients: the best assignment, parts of
a job, several jobs on one invoice, deposits. Does not: making the candidates (`link_candidates`),
reading and writing (`invoice_links`), the assignment itself (`assignment`), amounts that add up
(`subset_sums`).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field, replace
from decimal import Decimal

from flitstack_pipeline.cleaning.assignment import LARGEST_COMPONENT, assign, components, contested
from flitstack_pipeline.cleaning.subset_sums import by_chance, only_sum

ACCEPT_AT = 0.8
#: A pair whose alternative is this close is left to a person.
MARGIN = 0.1
REVIEW_SHOWN = 3
SUM_CONFIDENCE = 0.85
#: Invoices of which a job's parts are sought, the likeliest of them.
_MOST_OFFERED = 10
#: Sets of jobs that add up to an invoice are taken when by chance so few would.
MOST_BY_CHANCE = 0.005
#: So long before the work was done an invoice may bill it together with other work.
_BILLED_BEFORE = dt.timedelta(days=7)
BY_LIKENESS = "client, amount and date"


@dataclass(frozen=True)
class Candidate:
    """One possible job of one invoice, with the confidence of the match."""

    invoice: str
    job: str
    confidence: float
    total: Decimal | None = None
    amount: Decimal | None = None
    #: Whether the total is the amount, taxed or not; else which share the account often bills.
    fits: bool = False
    part: Decimal | None = None
    is_near: bool = False
    only_choice: bool = False
    #: Whether another job of this client and price is nearly as near in time.
    may_be_a_twin: bool = False


@dataclass(frozen=True)
class OpenJob:
    """A job that no invoice is linked to."""

    key: str
    amount: Decimal
    worked: dt.date | None


@dataclass(frozen=True)
class OpenInvoice:
    """An invoice that names no job."""

    key: str
    total: Decimal
    issued: dt.date | None

    def may_bill(self, job: OpenJob) -> bool:
        """Whether its date allows that it bills the work."""
        if self.issued is None or job.worked is None:
            return True
        return self.issued - job.worked >= -_BILLED_BEFORE


Clients = Sequence[tuple[list[OpenInvoice], list[OpenJob]]]


@dataclass(frozen=True)
class Account:
    """What the choice knows of an account.

    `taxes` are its ratios above one; `alone` says why a client's only job is that of its only
    invoice, empty where it may not be; `apart` are pairs that a person does not want linked.
    """

    taxes: Sequence[Decimal] = ()
    alone: str = ""
    apart: Set[tuple[str, str]] = frozenset()


def decide(
    candidates: list[Candidate], clients: Clients = (), account: Account | None = None
) -> list[tuple[Candidate, str, str]]:
    """What becomes of all invoices that have candidates.

    Args:
        candidates: Pairs of invoice and job, of whole clients.
        clients: The open invoices and jobs of each of these clients.
        account: What is known of the account.

    Returns:
        (candidate, method, `accepted` or `review`); invoices that are not accepted come with their
        best candidates, the assigned one first.
    """
    account = account or Account()
    chosen, accepted = _likeliest(candidates)
    links = _Links()
    links.accept(accepted, BY_LIKENESS)
    links.accept(_progress_billing(links.left_of(candidates), account.taxes), "progress billing")
    links.accept(
        _joint_billing(clients, candidates, links, account), "one invoice for several jobs"
    )
    links.accept(_deposits(links.left_of(candidates)), "a share the account often bills")
    if account.alone:
        left = links.left_of(candidates)
        links.accept([c for c in left if c.only_choice and c.amount is None], account.alone)
    listed = [c for c in candidates if c.invoice not in links.invoices]
    return links.decided + _for_review(listed, chosen)


@dataclass
class _Links:
    """The links accepted so far, and whose they are."""

    decided: list[tuple[Candidate, str, str]] = field(default_factory=list)
    invoices: set[str] = field(default_factory=set)
    jobs: set[str] = field(default_factory=set)

    def accept(self, found: Iterable[Candidate], method: str) -> None:
        for c in found:
            self.decided.append((c, method, "accepted"))
            self.invoices.add(c.invoice)
            self.jobs.add(c.job)

    def left_of(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """The candidates whose invoice and job are both still open."""
        return [c for c in candidates if c.invoice not in self.invoices and c.job not in self.jobs]


def _likeliest(candidates: list[Candidate]) -> tuple[dict[str, str], list[Candidate]]:
    """The best assignment, and the pairs of it that are sure."""
    scores = {(c.invoice, c.job): c.confidence for c in candidates}
    by_pair = {(c.invoice, c.job): c for c in candidates}
    chosen: dict[str, str] = {}
    unsure: set[str] = set()
    for part in components(scores):
        sizes = len({i for i, _ in part}), len({j for _, j in part})
        if min(sizes) > LARGEST_COMPONENT:
            continue
        found = assign(part)
        chosen |= found
        unsure |= contested(part, found, MARGIN)
    sure = [
        by_pair[i, j] for i, j in chosen.items() if i not in unsure and scores[i, j] >= ACCEPT_AT
    ]
    return chosen, [c for c in sure if not c.may_be_a_twin]


def _progress_billing(candidates: list[Candidate], tax: Sequence[Decimal]) -> list[Candidate]:
    """Pairs where exactly one set of open invoices adds up to an open job's amount, taxed or not,
    and could not as well be the parts of another job of that amount."""
    by_job: dict[str, list[Candidate]] = defaultdict(list)
    jobs_of: dict[str, set[tuple[str, Decimal]]] = defaultdict(set)
    for c in candidates:
        if c.total and c.amount:
            by_job[c.job].append(c)
            jobs_of[c.invoice].add((c.job, c.amount))
    found: dict[str, Candidate] = {}
    for _, offered in sorted(by_job.items()):
        open_ones = [c for c in offered if c.invoice not in found and not c.fits]
        likeliest = sorted(open_ones, key=lambda c: (-c.confidence, c.invoice))[:_MOST_OFFERED]
        amount = offered[0].amount or Decimal(0)
        totals = [(c, c.total or Decimal(0)) for c in likeliest]
        sets = [only_sum(totals, amount * ratio) for ratio in (Decimal(1), *tax)]
        parts = [one for one in sets if one]
        shared = set.intersection(*(jobs_of[c.invoice] for c in parts[0])) if parts else set()
        if len(parts) == 1 and [other for _, other in shared].count(amount) == 1:
            found |= {c.invoice: replace(c, confidence=SUM_CONFIDENCE) for c in parts[0]}
    return list(found.values())


def _joint_billing(
    clients: Clients, candidates: list[Candidate], links: _Links, account: Account
) -> list[Candidate]:
    """Pairs of an open invoice with the only set of the client's open jobs that adds up to its
    total, taxed or not, where hardly any set would by chance."""
    fits_alone = {c.invoice for c in candidates if c.fits} | links.invoices
    found: list[Candidate] = []
    taken = set(links.jobs)
    for invoices, jobs in clients:
        for invoice in (i for i in invoices if i.key not in fits_alone):
            offered = [
                (job, job.amount)
                for job in jobs
                if job.key not in taken
                and invoice.may_bill(job)
                and (invoice.key, job.key) not in account.apart
            ]
            parts = only_sum(offered, invoice.total, account.taxes)
            if parts and _is_no_chance([a for _, a in offered], parts, invoice, account):
                found += [Candidate(invoice.key, job.key, SUM_CONFIDENCE) for job in parts]
                taken |= {job.key for job in parts}
    return found


def _is_no_chance(
    offered: list[Decimal], parts: Sequence[OpenJob], invoice: OpenInvoice, account: Account
) -> bool:
    expected = by_chance(offered, [job.amount for job in parts], invoice.total)
    return expected * (1 + len(account.taxes)) <= MOST_BY_CHANCE


def _deposits(candidates: list[Candidate]) -> list[Candidate]:
    """Pairs of an invoice with the only job of which it is a share that the account often bills."""
    by_invoice: dict[str, list[Candidate]] = defaultdict(list)
    for c in candidates:
        if c.part is not None or c.fits:
            by_invoice[c.invoice].append(c)
    alone = [offered[0] for offered in by_invoice.values() if len(offered) == 1]
    billed = Counter(c.job for c in alone)
    return [replace(c, confidence=SUM_CONFIDENCE) for c in alone
            if c.is_near and not c.fits and not c.may_be_a_twin and billed[c.job] == 1]  # fmt: skip


def _for_review(
    candidates: list[Candidate], chosen: dict[str, str]
) -> list[tuple[Candidate, str, str]]:
    by_invoice: dict[str, list[Candidate]] = defaultdict(list)
    for c in candidates:
        by_invoice[c.invoice].append(c)
    listed = []
    for invoice, offered in sorted(by_invoice.items()):
        offered.sort(key=lambda c: (chosen.get(invoice) != c.job, -c.confidence, c.job))
        listed += [(c, BY_LIKENESS, "review") for c in offered[:REVIEW_SHOWN]]
    return listed

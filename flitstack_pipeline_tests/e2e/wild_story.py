"""A whole migration through answers that nobody recorded: nothing lost, doubled or erased.

    python -m flitstack_pipeline_tests.proofs wild_answers

The story of lost_answers.py with the proxy of migration/wild.py before the sandbox: every shape of
an answer at once, then with every trouble too.
"""

import json
from contextlib import contextmanager

from flitstack_pipeline_tests.e2e import lost_answers
from flitstack_pipeline_tests.migration.wild import SHAPES, TROUBLES, Wild, serving
from flitstack_pipeline_tests.proofs import Found

#: Shapes alone, and shapes with as many troubles as there are of lost answers.
MIXTURES = {"every shape": {}, "every shape and trouble": dict.fromkeys(TROUBLES, 0.03)}


@contextmanager
def behind(story, troubles, seed):
    """Put the proxy before the sandbox of a story, where every command will find it."""
    address = story.root / "sandbox" / "address.json"
    known = json.loads(address.read_text())
    wild = Wild(known["url"], seed, SHAPES, troubles)
    wild.begun = True
    with serving(wild) as url:
        address.write_text(json.dumps({**known, "url": url}))
        try:
            yield wild
        finally:
            address.write_text(json.dumps(known))


def one_run(folder, exports, profile, troubles, expected, seed=1):
    """One story behind the proxy; what is wrong, in words, and what was played."""
    wrong = []
    with lost_answers.opened(folder, exports, profile) as story:
        lost_answers.people_before(story)
        before = story.dump()
        with behind(story, troubles, seed) as wild:
            held = lost_answers.play(story, {})
            for stage, found, meant in zip(("cutover", "delta"), held, expected, strict=True):
                wrong += [f"{stage}: {line}" for line in lost_answers.different(found, meant)]
            wrong += lost_answers.undone(story, before, {})
    return wrong, wild.played


def prove_wild_answers(folder, progress):
    """Both profiles, every mixture; each story against one with the sandbox's own answers."""
    proof = Found({"stories": 0, "answers changed": 0})
    given = lost_answers.exports_of(folder)
    with lost_answers.impatient():
        for profile in ("live", "documented"):
            progress(f"{profile}: without the proxy")
            calm, wrong = lost_answers.one_run(folder / f"{profile}-calm", given, profile, {})
            proof.wrong += wrong
            for name, troubles in MIXTURES.items():
                progress(f"{profile}: {name}")
                try:
                    wrong, played = one_run(
                        folder / f"{profile}-{name}", given, profile, troubles, calm
                    )
                except AssertionError as stuck:
                    wrong, played = [str(stuck)], {}
                proof.wrong += [f"{profile}, {name}: {line}" for line in wrong]
                proof.did["stories"] += 1
                proof.did["answers changed"] += sum(played.values())
    return proof

"""What became of a card, in one click on the page: kept where the hook's feedback is, silencing the user's own card."""

from __future__ import annotations

import re

import pytest

from tests.smart.attest.conftest import Demo, Visit

PATIENT = "kurasawa-k1"


@pytest.fixture
def shown(demo: Demo) -> tuple[Visit, dict[str, str]]:
    """A page, and the ids of the cards that it lists, by topic."""
    demo.assessment(PATIENT)
    visit = demo.visit(PATIENT)
    blocks = visit.text.split('<div class="answering" id="feedback-')[1:]
    found = {each.split('"')[0]: re.search(r'name="card" value="([^"]+)"', each) for each in blocks}
    return visit, {topic: match[1] for topic, match in found.items() if match}


def block(visit: Visit, topic: str) -> str:
    return visit.text.split(f'id="feedback-{topic}"')[1].split("</form>")[0]


def test_the_cards_of_this_patient_are_listed_once_by_topic(shown: tuple[Visit, dict[str, str]], demo: Demo) -> None:
    visit, cards = shown
    assert {"refractoryOptions", "transplantReferral"} <= set(cards)
    assert "Shown to you" in block(visit, "refractoryOptions")
    other = demo.visit("rheumatoid-knee")
    assert "answering" not in other.text


def test_an_override_is_kept_and_silences_the_users_own_card(shown: tuple[Visit, dict[str, str]], demo: Demo) -> None:
    visit, cards = shown
    said = {"outcome": "overridden", "reason": "specialistDecision", "comment": "canary <b>"}
    assert visit.done("feedback", card=cards["transplantReferral"], **said) == "feedback"
    assert "Thank you" in visit.text
    assert "Decided otherwise: Specialist has decided otherwise." in block(visit, "transplantReferral")
    assert "canary" not in visit.text
    demo.assessment(PATIENT)
    assert "transplantReferral" not in demo.cards


def test_following_a_card_takes_one_click(shown: tuple[Visit, dict[str, str]]) -> None:
    visit, cards = shown
    assert visit.done("feedback", card=cards["refractoryOptions"], outcome="accepted") == "feedback"
    assert "Followed." in block(visit, "refractoryOptions")


@pytest.mark.parametrize(
    "form",
    [
        {"outcome": "overridden"},
        {"outcome": "overridden", "reason": "because"},
        {"outcome": "liked"},
        {"outcome": "accepted", "card": "unknown"},
        {"outcome": "accepted", "card": "x" * 5000},
    ],
)
def test_what_is_no_answer_changes_nothing(shown: tuple[Visit, dict[str, str]], form: dict[str, str]) -> None:
    visit, cards = shown
    assert visit.done("feedback", **({"card": cards["refractoryOptions"]} | form)) == ""


def test_a_card_of_another_patient_is_not_answered_here(shown: tuple[Visit, dict[str, str]], demo: Demo) -> None:
    _, cards = shown
    other = demo.visit("ecmo-candidate")
    assert other.done("feedback", card=cards["refractoryOptions"], outcome="accepted") == ""


def test_a_judgement_of_the_case_says_before_and_after_that_it_silences_the_card_for_all(demo: Demo) -> None:
    demo.assessment("classic")
    visit = demo.visit("classic")
    before = "keeps this card from all colleagues for 7 days, unless the disease becomes worse."
    topic = next(each for each in demo.cards if each == "combinationTherapy")
    form = visit.text.split(f'id="feedback-{topic}"')[1].split('class="answering"')[0]
    assert before in form
    assert "set aside" not in visit.text
    card = re.search(r'name="card" value="([^"]+)"', form)
    assert card
    assert visit.done("feedback", card=card[1], outcome="overridden", reason="alternativeDiagnosis") == "feedback"
    standing = visit.text.split('id="standing"')[1].split("</section>")[0]
    assert re.search(r": set aside by you on 2\d{3}-\d\d-\d\d \d\d:\d\d \(Another diagnosis explains the f", standing)
    assert "Not shown as a card to anybody until 2" in standing
    assert visit.text.split('id="cards"')[1].split("</section>")[0].count("set aside") == 1

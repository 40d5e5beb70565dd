"""Orders that were being signed when a card came: named until the chart holds them."""

from __future__ import annotations

import pytest

from smart_app.notices import not_stored
from smart_app.ports import CardCall
from tests.rules.charts import NOW
from tests.smart.pictures.looking import seen

DRAFTS = ("draft drug tacrolimus", "draft order ferritin")


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ((), ("tacrolimus", "ferritin")),
        (("drug tacrolimus @-1d", "order ferritin @-1d"), ("tacrolimus", "ferritin")),  # an older one is no answer
        (("drug tacrolimus @+0h",), ("ferritin",)),
        (("drug prednisone @+0h", "order ferritin @+0h"), ("tacrolimus",)),
    ],
)
def test_orders_of_the_card_that_the_chart_does_not_hold(lines: tuple[str, ...], names: tuple[str, ...]) -> None:
    then, now = seen("condition dermatomyositis @-9D", *DRAFTS)[1], seen("condition dermatomyositis @-9D", *lines)[1]
    assert tuple(each.lower() for each in not_stored(CardCall(then, NOW), now)) == names

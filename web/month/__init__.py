"""A made-up month of twelve babies: what a house with bottle babies writes down. Pure.

`steps` tells it in order: litters that come and go, feeds, weights, cries, company, a kitten that
fades, a night in which nobody fed. Seeded: the same month each time. The demo shows it as its
past; `python -m tests.bench.month` drives it through the public API and looks at every suggestion.
"""

from web.month.babies import BABIES, BOXES, Baby
from web.month.days import DAYS, overdue_night, steps
from web.month.steps import (
    Approved,
    Came,
    Checked,
    Cried,
    Dewormed,
    Edited,
    Fed,
    Helped,
    Milk,
    Nest,
    Noted,
    Parted,
    Reminded,
    Step,
    Together,
    Weighed,
)

__all__ = [
    "BABIES",
    "BOXES",
    "DAYS",
    "Approved",
    "Baby",
    "Came",
    "Checked",
    "Cried",
    "Dewormed",
    "Edited",
    "Fed",
    "Helped",
    "Milk",
    "Nest",
    "Noted",
    "Parted",
    "Reminded",
    "Step",
    "Together",
    "Weighed",
    "overdue_night",
    "steps",
]

"""What people write down: every tap and form of the page, and of whoever writes for a carer.

Each function takes a session of `Database.writing` and an `Entry` (who, when), checks what it is
given, writes the record, who did it, and the change that live pages follow, and returns `Written`,
whose `undo_id` takes it back (`undo`). Values are taken as forms send them: text or plain values;
empty text and None mean "not known", a missing `at` means now.

`EntryError` (its `field`, its `message`) says what cannot be. `Doubt`, which is one, says what is
unlikely: the same call with `Entry(..., sure=True)` writes it, and the audit keeps the doubt. Its
`same` is the id of the feed that this one may repeat: `add_to_feed` is what is meant then.
Whatever is raised, nothing of that entry may stay: let it end the transaction, or a savepoint.

Animals     add_animal, edit_animal (`animals.FIELDS`, `age_days`, `age_signs`), approve_cross
            (one or both), move
Boxes       box_facts, set_sensitivity
Feeds       feed (one or several, the same mL), feed_each (each its mL), add_to_feed (the rest of a
            feed), feed_by_weight and rest_by_weight (before and after the bottle); feed_near finds
            the one just given
Weights     weigh, weigh_each
Checks      observe, observe_all, observe_each (`tending.FACTS`), toilet (what came), checked (the
            whole checklist of `web/care/signs.py`)
Milks       add_formula, edit_formula, remove_formula, choose_formula
Reminders   add_reminder, reminder_done (writes the next), no doses
Notes       add_note
Photos      set_photo, remove_photo; photo_of is the one that is shown
Company     put_together, trial_outcome, part; seen_suckling, to_mother
Cries       cry_seen, cry_stopped, review, suggestion_answered; answer (one unknown of a card)
Afterwards  correct, remove, history (`corrections.KINDS`), undo
Commands    once (a key is carried out once; else KeyRefusedError)
"""

from web.journal.animals import add_animal, approve_cross, edit_animal, move
from web.journal.answers import answer
from web.journal.boxes import box_facts, set_sensitivity
from web.journal.commands import Answer, KeyRefusedError, once
from web.journal.company import part, put_together, seen_suckling, to_mother, trial_outcome
from web.journal.corrections import correct, history, remove
from web.journal.cries import WHYS, cry_seen, cry_stopped, review, suggestion_answered
from web.journal.entry import Doubt, Entry, EntryError, Written, undo
from web.journal.feeds import (
    add_to_feed,
    feed,
    feed_by_weight,
    feed_each,
    feed_near,
    rest_by_weight,
)
from web.journal.milk import add_formula, choose_formula, edit_formula, remove_formula
from web.journal.notes import add_note
from web.journal.photos import photo_of, remove_photo, set_photo
from web.journal.reminders import add_reminder, reminder_done
from web.journal.tending import checked, observe, observe_all, observe_each, toilet
from web.journal.weights import weigh, weigh_each

__all__ = [
    "WHYS",
    "Answer",
    "Doubt",
    "Entry",
    "EntryError",
    "KeyRefusedError",
    "Written",
    "add_animal",
    "add_formula",
    "add_note",
    "add_reminder",
    "add_to_feed",
    "answer",
    "approve_cross",
    "box_facts",
    "checked",
    "choose_formula",
    "correct",
    "cry_seen",
    "cry_stopped",
    "edit_animal",
    "edit_formula",
    "feed",
    "feed_by_weight",
    "feed_each",
    "feed_near",
    "history",
    "move",
    "observe",
    "observe_all",
    "observe_each",
    "once",
    "part",
    "photo_of",
    "put_together",
    "reminder_done",
    "remove",
    "remove_formula",
    "remove_photo",
    "rest_by_weight",
    "review",
    "seen_suckling",
    "set_photo",
    "set_sensitivity",
    "suggestion_answered",
    "to_mother",
    "toilet",
    "trial_outcome",
    "undo",
    "weigh",
    "weigh_each",
]

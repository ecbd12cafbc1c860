"""What people write down: every tap and form of the page, and of whoever writes for a carer.

Each function takes a session of `Database.writing` and an `Entry` (who, when), checks what it is
given (`EntryError` names the field and says what is wrong), writes the record, who did it, and the
change that live pages follow, and returns `Written`, whose `undo_id` takes it back.
"""

from web.journal.animals import add_animal, approve_cross, edit_animal, move
from web.journal.answers import answer
from web.journal.boxes import box_facts
from web.journal.company import part, put_together, trial_outcome
from web.journal.cries import cry_seen, cry_stopped, review, suggestion_answered
from web.journal.entry import Entry, EntryError, Written, undo
from web.journal.tending import feed, observe, weigh

__all__ = [
    "Entry",
    "EntryError",
    "Written",
    "add_animal",
    "answer",
    "approve_cross",
    "box_facts",
    "cry_seen",
    "cry_stopped",
    "edit_animal",
    "feed",
    "move",
    "observe",
    "part",
    "put_together",
    "review",
    "suggestion_answered",
    "trial_outcome",
    "undo",
    "weigh",
]

"""What the add-on and the bank's builder agree on, and the one exception for people."""

from __future__ import annotations

# The ids of the note types that proofdeck writes; whoever has another type is not ours to touch.
NOTE_TYPES = (1764061380, 1764061381, 1764061382)

RETIRED = "proofdeck::retired"
ACTION = "Update question bank"

# Marks that Anki and the learner set. An update of a note replaces its tags, so these are put back.
LEARNERS_TAGS = ("leech", "marked")


class ProblemError(Exception):
    """Why an update could not be done: one sentence for people.

    `details` may be many lines, as the output of a build; `halfway` tells that something of the
    update was done all the same.
    """

    def __init__(self, message: str, details: str = "", *, halfway: bool = False) -> None:
        super().__init__(message)
        self.details = details
        self.halfway = halfway


class CancelledError(Exception):
    """The learner, or the closing of the profile, ended the build."""

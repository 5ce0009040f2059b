"""Words that another build has stored."""

from shared.domain.comparison import Reason
from shared.mongodb.stored_words import StoredWords


def test_a_word_of_a_newer_build_stays_itself() -> None:
    """A known word is its member; an unknown one, and none, are passed on as they are."""
    words = StoredWords(Reason)
    assert all(words[str(reason)] is reason for reason in Reason)
    found: object = words["said by a newer build"]
    assert (found, words["said by a newer build"]) == ("said by a newer build",) * 2
    assert words.__missing__(None) is None
    assert len(words) == len(Reason)

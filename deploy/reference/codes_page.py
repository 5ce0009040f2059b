"""docs/reference/codes.md: how cells end, in a merchant's words."""

from __future__ import annotations

from deploy.reference.markdown import table
from shared.domain.words.codes import EXPLAINED, row_is_stale
from shared.domain.words.reasons import REASONS


def codes_page() -> str:
    """The page."""
    return "\n".join(
        [
            "# How a cell ends\n",
            "Updated; skipped, in sync or for a reason; or failed with a code. The other cells of the job go on.\n",
            "## Errors\n",
            "*Retry* re-runs a failed cell; where a new preview is needed, a retry leaves the cell as it is.\n",
            table(
                ("code", "what happened", "what to do", "retry"),
                [
                    (f"`{code}`", told.message, told.remedy, "needs a new preview" if row_is_stale(code) else "yes")
                    for code, told in EXPLAINED.items()
                ],
            ),
            "## Reasons to leave a cell out\n",
            table(("reason", "meaning"), [(f"`{reason}`", REASONS[reason]) for reason in REASONS]),
        ]
    )

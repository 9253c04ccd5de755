"""The windows of the add-on: what became of the bank, or why nothing did."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape

import aqt  # type: ignore[import-not-found]
from aqt.qt import (  # type: ignore[import-not-found]
    QDialog,
    QDialogButtonBox,
    QFontDatabase,
    QLabel,
    QProgressDialog,
    Qt,
    QTextBrowser,
    QUrl,
    QVBoxLayout,
    qconnect,
)
from aqt.theme import theme_manager  # type: ignore[import-not-found]

from .building import findings
from .constants import ACTION, RETIRED, ProblemError
from .outcome import Outcome, groups

_LONGEST = 200  # titles of one kind that are listed
_TIGHT = "margin-top: 10px; margin-bottom: 4px"

# By day and by night: error, warning, muted.
_COLOURS = {False: ("#b3261e", "#8a5a00", "#5f6368"), True: ("#ff8a80", "#f2c063", "#a0a4a8")}


def report(outcome: Outcome, package: str, built: str, remarks: tuple[str, ...]) -> None:
    """Show what an update did; `built` is what the build printed, `remarks` are about it."""
    _, warning, muted = _COLOURS[theme_manager.night_mode]
    changed = any(groups(outcome).values())
    heading = "The question bank is up to date" if changed else "Nothing to update"
    counts = [*((name, len(titles)) for name, titles in groups(outcome).items())]
    counts += [("unchanged", outcome.unchanged)]
    cells = "".join(
        f'<td align="center" style="padding: 4px 18px 4px 0">'
        f'<span style="font-size: 22px; font-weight: 600">{number}</span><br>'
        f'<span style="color: {muted}">{name}</span></td>'
        for name, number in counts
    )
    parts = [f"<table><tr>{cells}</tr></table>"]
    parts += [_listed(name, titles, muted) for name, titles in groups(outcome).items() if titles]
    if outcome.refused:
        items = "".join(f"<li>{escape(title)}</li>" for title in outcome.refused)
        parts += [f'<h4 style="color: {warning}">Anki did not take in</h4><ul>{items}</ul>']
        parts += ["<p>Was their note type changed? <i>Tools → Manage Note Types</i> shows it.</p>"]
    parts += [
        f'<p style="color: {warning}">{escape(text)}</p>' for text in (*outcome.remarks, *remarks)
    ]
    if any(found.severity == "warning" for found in findings(built)):
        parts += ["<h4>The build has warnings</h4>", _coloured(built)]
    parts += [f'<p style="color: {muted}">from {escape(package)}</p>']
    if changed:
        parts += [f'<p style="color: {muted}"><i>Edit → Undo</i> takes all of it back.</p>']
    _show("proofdeckReport", heading, "".join(parts), (640, 480 if changed else 260))


def failure(problem: ProblemError) -> None:
    """Show why an update could not be done, with the output of the build if there is some."""
    _, _, muted = _COLOURS[theme_manager.night_mode]
    parts = [f"<p>{_emphasised(str(problem))}</p>"]
    if not problem.halfway:
        parts += [f'<p style="color: {muted}">Nothing in your collection was changed.</p>']
    parts += [_coloured(problem.details)] * bool(problem.details.strip())
    size = (860, 560) if problem.details.strip() else (560, 240)
    _show("proofdeckFailure", "The question bank was not updated", "".join(parts), size)


def failed_build(status: int, output: str) -> ProblemError:
    """Return what to say of a build that ended with `status`, which is not 0."""
    errors = sum(found.severity == "error" for found in findings(output))
    if errors:
        what = "an error" if errors == 1 else f"{errors} errors"
        message = f"The build found {what}."
    else:
        message = f"The build failed with exit status {status}."
    return ProblemError(message, output or "It printed nothing.")


def building(cancel: Callable[[], None]) -> QProgressDialog:
    """Return a small window that is shown while the bank is built; `cancel` is its button's."""
    window = QProgressDialog("Building the question bank …", "Cancel", 0, 0, aqt.mw)
    window.setObjectName("proofdeckBuilding")
    window.setWindowTitle(ACTION)
    window.setWindowModality(Qt.WindowModality.NonModal)
    window.setMinimumDuration(0)
    window.setMinimumWidth(360)
    window.silentlyClose = True
    qconnect(window.canceled, cancel)
    window.show()
    return window


def _listed(name: str, titles: Mapping[int, str], muted: str) -> str:
    numbers = ",".join(map(str, titles))
    items = "".join(
        f'<li style="margin-top: 2px"><a href="nid:{number}">{escape(title) or "(empty)"}</a></li>'
        for number, title in list(titles.items())[:_LONGEST]
    )
    more = len(titles) - _LONGEST
    items += f"<li>and {more} more</li>" if more > 0 else ""
    hint = f" · suspended, and tagged {RETIRED}" if name == "retired" else ""
    link = f'<a href="nid:{numbers}">show all</a>'
    return (
        f'<h4 style="{_TIGHT}">{name.capitalize()}'
        f' <span style="color: {muted}; font-weight: 400">{link}{hint}</span></h4>'
        f'<ul style="{_TIGHT}">{items}</ul>'
    )


_HEAD = re.compile(r"^(error|warning)\[\w+\]:")
_PLACE = re.compile(r"^(\s*--> )(.+)$")


def _emphasised(sentence: str) -> str:
    """Return a sentence as HTML, with what stands between backquotes as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(sentence))


def _coloured(output: str) -> str:
    """Return a build's output as HTML, with its errors, warnings and places easy to see."""
    error, warning, _ = _COLOURS[theme_manager.night_mode]
    lines = []
    for line in output.rstrip().split("\n"):
        head, place = _HEAD.match(line), _PLACE.match(line)
        shown = escape(line)
        if head:
            colour = error if head[1] == "error" else warning
            shown = f'<b style="color: {colour}">{shown}</b>'
        elif place:
            shown = f"{escape(place[1])}<b>{escape(place[2])}</b>"
        lines.append(shown)
    text = "\n".join(lines)
    letters = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
    return f"<pre style=\"font-family: '{letters}', monospace\">{text}</pre>"


def _show(name: str, heading: str, body: str, size: tuple[int, int]) -> None:
    window = QDialog(aqt.mw)
    window.setObjectName(name)
    window.setWindowTitle(ACTION)
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    window.silentlyClose = True  # Anki may close it when it ends
    title = QLabel(heading)
    title.setTextFormat(Qt.TextFormat.PlainText)
    title.setWordWrap(True)
    title.setStyleSheet("font-size: 17px; font-weight: 600; padding: 4px 2px")
    text = QTextBrowser()
    text.setOpenLinks(False)
    text.setHtml(body)
    text.document().setDocumentMargin(12)
    qconnect(text.anchorClicked, _browse)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    qconnect(buttons.rejected, window.reject)
    layout = QVBoxLayout(window)
    layout.setContentsMargins(16, 14, 16, 14)
    layout.setSpacing(10)
    layout.addWidget(title)
    if body:
        layout.addWidget(text)
    layout.addWidget(buttons)
    window.resize(*size)
    window.show()


def _browse(link: QUrl) -> None:
    aqt.dialogs.open("Browser", aqt.mw, search=(link.toString(),))

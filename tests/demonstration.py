"""A deck that shows all that a card can hold, for the eye and for the real Anki desktop.

python tests/demonstration.py DECK.apkg
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from ledgers import ledger_of
from views import (
    EVERYTHING,
    HIGHLIGHTED,
    IMAGE,
    LISTS,
    TABLE,
    UNSET,
    WIDE,
    callouts,
    cloze,
    code,
    edition_of,
    gap,
    item,
    listing,
    paragraph,
    parts,
    prose,
    question,
)

from builder.edition import (
    CardView,
    Edition,
    Formula,
    Hyperlink,
    Items,
    Line,
    Listing,
    Paragraph,
    Picture,
    Run,
    Styled,
    Table,
    Verbatim,
)
from builder.export.apkg import export
from builder.render.math import mathml


def formula(tex: str, *, display: bool = False) -> Formula:
    """Return a formula that is set as in a build."""
    return Formula(tex, display, mathml(tex, display=display))


def shown(tex: str) -> Paragraph:
    """Return a formula on display."""
    return paragraph(formula(tex, display=True))


HOSTILE = (
    "<script>document.title = window.owned = 'owned'</script><img src=x onerror='owned=1'>"
    "</div></style> [sound:a.mp3] [latex]x[/latex] [anki:tts lang=en_US]a[/anki:tts] \\(a\\) "
    "[[type:Text]] {{c9::gap::hint}} {{Section}} }}"
)

ADAM = (
    paragraph(
        "Adam keeps running averages of the gradient ", formula("g_t"), " and of its square, and ",
        "corrects both for their start at zero:",
    ),
    shown(
        r"\begin{aligned} m_t &= \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\[2pt]"
        r" v_t &= \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2 \\"
        r" \theta_t &= \theta_{t-1} - \frac{\eta}{\sqrt{\hat v_t} + \epsilon}\, \hat m_t"
        r" \end{aligned}"
    ),
    paragraph("In code it is ", Verbatim("torch.optim.Adam(params, lr=1e-3)"), "."),
    callouts(["tip"])[0],
)  # fmt: skip

CHOICE = (
    paragraph("Which of these are ", Styled("emphasis", parts("generative")), " models?"),
    Items((item("naive Bayes"), item("logistic regression"), item("a hidden Markov model"))),
)

WIDE_TABLE = Table(
    ("left", "right", "right", "center", "left"),
    tuple(
        parts(name)
        for name in ("architecture", "parameters", "memory", "parallel", "complexity a layer")
    ),
    tuple(
        parts_row
        for parts_row in (
            tuple(map(parts, ("Transformer", "110 M", "O(n²)", "yes", "self-attention over all"))),
            tuple(map(parts, ("LSTM", "24 M", "O(n)", "no", "one step after the other"))),
            tuple(map(parts, ("Mamba", "130 M", "O(n)", "yes", "a selective state space"))),
        )
    ),
)

LONG_FORMULA = (
    r"\mathcal{L}(\theta) = -\frac{1}{N}\sum_{i=1}^{N}\left[ y_i \log \sigma(\theta^\top x_i) +"
    r" (1-y_i)\log\left(1-\sigma(\theta^\top x_i)\right)\right] + \lambda \lVert\theta\rVert_2^2"
    r" + \mu \lVert\theta\rVert_1"
)


def _header(name: str, rest: str, indent: str = "") -> Line:
    start = (Run(indent),) if indent else ()
    return (*start, Run("def", "k"), Run(" "), Run(name, "nf"), Run(rest))


KNN = Listing(
    (
        (Run("class", "k"), Run(" "), Run("KNN", "nf"), Run(":")),
        _header("__init__", "(self, k=3):", "    "),
        (Run("        self.k = k"),),
        (),
        _header("fit", "(self, X, y):", "    "),
        (Run("        self.X, self.y = np.asarray(X), np.asarray(y)  "), Run("# remembered", "c")),
        (Run("        "), Run("return", "k"), Run(" self")),
        (),
        _header("predict", "(self, X):", "    "),
        (Run("        squared = ((np.asarray(X)[:, "), Run("None", "k"), Run("] - self.X) ** "),
         Run("2", "m"), Run(").sum(axis=-"), Run("1", "m"), Run(")")),
        (Run("        nearest = np.argsort(squared, axis="), Run("1", "m"),
         Run(")[:, : self.k]")),
        (Run("        "), Run("return", "k"), Run(" np.array([np.bincount(votes).argmax() "),
         Run("for", "k"), Run(" votes "), Run("in", "k"), Run(" self.y[nearest]])")),
    ),
    "python",
)  # fmt: skip

LINK = "obsidian://open?vault=Notes&file=20-ML-Core%2FInterview%20Question%20Bank"


def cards() -> tuple[CardView, ...]:
    """Return a card for each thing that can be shown, and hostile ones."""
    return (
        question("Bias vs Variance?", "Bias = wrong assumptions (underfitting)\nVariance = "
                 "sensitivity to the training data (overfitting)"),
        question((paragraph("How does Adam update ", formula(r"\theta"), "?"),), ADAM, link=LINK),
        question(CHOICE, (paragraph("Naive Bayes and the hidden Markov model: they model ",
                                    formula(r"p(x, y)"), "."),)),
        question("Compare the architectures", (WIDE_TABLE, paragraph("See also:"), TABLE)),
        question("Everything that an answer can hold", EVERYTHING),
        question("Lists and tasks", LISTS),
        question("Callouts", callouts(
            ["note", "tip", "warning", "danger", "question", "example", "quote", "other"])),
        question("What is the loss of logistic regression with an elastic net?",
                 (shown(LONG_FORMULA), paragraph("Within a line: ", formula(LONG_FORMULA), "."))),
        question("A pipeline", (paragraph("It looks so:"),
                                paragraph(Picture(WIDE.name, "A pipeline")),
                                paragraph(Picture(IMAGE.name, "A curve", 160)))),
        question("Capital of France?", "Paris", reverse=True),
        question((paragraph("Write a stable ", Verbatim("softmax"), "."),),
                 (paragraph("Subtract the maximum first:"), HIGHLIGHTED),
                 evidence="verified: softmax, one vector", verified=True),
        code("Implement softmax", HIGHLIGHTED, evidence="verified: softmax, one vector",
             verified=True, link=LINK, formula=formula(
                 r"\operatorname{softmax}(x)_i = \frac{e^{x_i - \max x}}{\sum_j e^{x_j - \max x}}",
                 display=True)),
        code("k nearest neighbours", KNN, evidence="not verified",
             signature=tuple(KNN.lines[at] for at in (0, 1, 4, 8))),
        cloze("Adam keeps ", gap(1, "two", hint="how many"), " moments, divides by ",
              gap(2, formula(r"\sqrt{\hat v_t} + \epsilon_{x_{i}}")), " and has the default ",
              gap(3, Verbatim("lr=1e-3")), ".",
              answer=(paragraph("From ", Hyperlink("https://arxiv.org/abs/1412.6980",
                                                   parts("the paper")), "."),), link=LINK),
        cloze("In C++, ", gap(1, "std::vector::push_back(}})", hint="sound:a.mp3"), " and ",
              gap(12, "{", Styled("strong", parts("{c1::x}")), "}"), " are literal."),
        question(HOSTILE, (prose(HOSTILE), paragraph(HOSTILE, UNSET), listing(HOSTILE),
                           paragraph(Hyperlink("javascript:alert(1)", parts("a link"))),
                           paragraph(Formula(HOSTILE, display=False, mathml="<math></math>")))),
        cloze(HOSTILE, " ", gap(1, HOSTILE, hint=HOSTILE), answer=(prose(HOSTILE),)),
        question("W" + "o" * 90 + "rd?", (paragraph("o" * 200), paragraph(Verbatim("x" * 200)))),
    )  # fmt: skip


def edition() -> Edition:
    """Return the deck, each card in a section of its kind."""
    placed = (
        replace(card, key=str(at), section="Demonstration") for at, card in enumerate(cards())
    )
    return edition_of(*placed, title="All that a card can hold", media=(IMAGE, WIDE))


def main(path: Path) -> None:
    """Write the package."""
    path.parent.mkdir(parents=True, exist_ok=True)
    everything = edition()
    artefact = export(everything, name=path.stem, ledger=ledger_of(everything))
    path.write_bytes(artefact.content)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/demonstration.py DECK.apkg")
    main(Path(sys.argv[1]))

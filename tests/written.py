"""A deck as people write it, with every part and block: what a sheet is looked at with.

    python tests/written.py FOLDER

writes the sheet on both papers and in both orientations.
"""

from __future__ import annotations

import sys
from pathlib import Path

from views import cloze, code, gap, item, paragraph, parts, question

from builder.edition import (
    CardView,
    Content,
    DeckView,
    Footnotes,
    Formula,
    Hyperlink,
    Item,
    Items,
    Listing,
    Media,
    Paragraph,
    Parts,
    Picture,
    Quote,
    Rule,
    Run,
    Styled,
    Subheading,
    Table,
    Turn,
    Verbatim,
)
from builder.export import pdf
from builder.render.code import highlight
from builder.render.math import mathml

CURVE = Media(
    "curve-1.svg",
    b'<svg xmlns="http://www.w3.org/2000/svg" width="360" height="150" viewBox="0 0 360 150">'
    b'<path d="M20 10V130H350" fill="none" stroke="#222" stroke-width="1.5"/>'
    b'<path d="M20 30C90 90 180 112 350 120" fill="none" stroke="#0b3d91" stroke-width="2.5"/>'
    b'<path d="M20 35C90 85 170 92 350 45" fill="none" stroke="#7a2e00" stroke-width="2.5" '
    b'stroke-dasharray="7 4"/></svg>',
)


def math(tex: str, *, display: bool = False) -> Formula:
    """Return a formula as the renderer makes it."""
    return Formula(tex, display, mathml(tex, display=display))


def shown(tex: str) -> Paragraph:
    """Return a formula on a line of its own."""
    return Paragraph((math(tex, display=True),))


def strong(*given: str | Formula) -> Styled:
    """Return strong text."""
    return Styled("strong", parts(*given))


def emphasis(text: str) -> Styled:
    """Return emphasised text."""
    return Styled("emphasis", parts(text))


def python(source: str) -> Listing:
    """Return highlighted code."""
    return Listing(highlight(source), "python")


def table(columns: str, *rows: tuple[str | Parts, ...]) -> Table:
    """Return a table whose columns are aligned by letters; its first row is the head."""
    sides = {"l": "left", "r": "right", "c": "center", "-": ""}
    cells = [tuple(parts(one) if isinstance(one, str) else one for one in row) for row in rows]
    return Table(tuple(sides[one] for one in columns), cells[0], tuple(cells[1:]))  # type: ignore[misc]


SOFTMAX = """\
def softmax(x: np.ndarray) -> np.ndarray:
    \"\"\"Return the softmax along the last axis.\"\"\"
    shifted = x - x.max(axis=-1, keepdims=True)  # no overflow
    weights = np.exp(shifted)
    return weights / weights.sum(axis=-1, keepdims=True)"""

ATTENTION = """\
@torch.no_grad()
def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(mask == 0, float("-inf"))  # padded and future places are hidden
    return scores.softmax(-1) @ v"""

ADAM = r"""\begin{aligned}
m_t &= \beta_1 m_{t-1} + (1 - \beta_1) g_t, & v_t &= \beta_2 v_{t-1} + (1 - \beta_2) g_t^2 \\
\hat m_t &= \frac{m_t}{1 - \beta_1^t}, & \hat v_t &= \frac{v_t}{1 - \beta_2^t}
\end{aligned}"""
BOUND = (
    r"\log p(x) \ge \underbrace{\mathbb{E}_{q(z \mid x)}[\log p(x \mid z)]}_{\text{reconstruction}}"
    r" - \underbrace{D_{\mathrm{KL}}(q(z \mid x)\,\|\,p(z))}_{\text{regulariser}}"
)
HUBER = (
    r"L_\delta(r) = \begin{cases} \frac12 r^2 & \text{if } |r| \le \delta \\"
    r" \delta\left(|r| - \frac12\delta\right) & \text{otherwise} \end{cases}"
)
JACOBIAN = (
    r"J = \begin{bmatrix} \frac{\partial f_1}{\partial x_1} & \cdots & "
    r"\frac{\partial f_1}{\partial x_n} \\ \vdots & \ddots & \vdots \\ "
    r"\frac{\partial f_m}{\partial x_1} & \cdots & \frac{\partial f_m}{\partial x_n} \end{bmatrix}"
)

ATTENTION_ANSWER: Content = (
    paragraph(
        "Each query is compared with all keys; the scores weigh the values. Dividing by ",
        math(r"\sqrt{d_k}"), " keeps their variance at 1, so that the softmax does not ",
        Styled("highlight", parts("saturate")), ".",
    ),
    shown(r"\operatorname{Attention}(Q, K, V) = \operatorname{softmax}"
          r"\left(\frac{QK^\top}{\sqrt{d_k}}\right)V"),
    Items((
        item(strong("Self-attention"), ": all three come from one sequence."),
        Item((
            paragraph(strong("Cross-attention"), ": the keys are another's, as in"),
            Items((item("translation, and"), item("diffusion with ", Verbatim("text"), "."))),
        )),
        item(strong("Masked"), ": a place sees no later one (", math(r"M_{ij} = -\infty"), ")."),
    )),
)  # fmt: skip

OPTIMIZERS: Content = (
    table(
        "lrcl",
        ("Optimizer", "State", "Adaptive", "When"),
        ("SGD", parts(math("0")), "no", parts("convex losses, ", emphasis("well-scaled"), " data")),
        ("Momentum", parts(math("n")), "no", "vision; with a schedule it still wins benchmarks"),
        ("Adam", parts(math("2n")), "yes", parts("the default; ", Verbatim("betas=(0.9, 0.999)"))),
        ("Adafactor", parts(math(r"\mathcal{O}(\sqrt n)")), "yes", "very large models"),
    ),
    shown(ADAM),
    Quote(
        (
            paragraph("Weight decay is not an ", math("L_2"), " penalty here: use AdamW."),
            Items((item("decay the weights"), item("but neither biases nor norms"))),
        ),
        "warning",
        parts("Watch out"),
    ),
)

OVERFITTING: Content = (
    Subheading(3, parts("How one sees it")),
    paragraph("The training loss falls while the validation loss", Turn(), "rises again:"),
    paragraph(Picture(CURVE.name, "Two losses over time: one falls, one turns upwards", 360)),
    Subheading(3, parts("What one does")),
    Items((
        item("more data, or ", Styled("inserted", parts("augmented")), " data", done=True),
        item("stop early, with ", Styled("key", parts("Ctrl")), "+", Styled("key", parts("C")),
             done=True),
        item("a larger model ", Styled("deleted", parts("always")), " sometimes", done=False),
    )),
    paragraph("Rather not a larger model", Styled("superscript", parts("1")), ", but H",
              Styled("subscript", parts("2")), "O helps anyone."),
    Rule(),
    Footnotes(((paragraph("Though it may: see ", Hyperlink("https://example.org/double-descent",
                parts("double descent")), "."),),)),
)  # fmt: skip

STEPS: Content = (
    Items((
        item("Shuffle the data."),
        Item((
            paragraph("For each batch:"),
            python("loss = model(x).loss\nloss.backward()\noptimizer.step()"),
        )),
        item("Look at ", emphasis("both"), " curves."),
    ), start=1),
    Quote((paragraph("All models are wrong, but some are useful."), paragraph("— George Box"))),
)  # fmt: skip

DEMONSTRATION = DeckView(
    "Machine-Learning Interviews",
    "interviews",
    (
        question("What is a bias, what a variance?", "Bias = error from wrong assumptions\n"
                 "Variance = error from sensitivity to the sample", section="Foundations"),
        question((paragraph("Why is overfitting not the same as ",
                            emphasis("memorising"), "?"),), OVERFITTING, section="Foundations"),
        question((paragraph("What does ", math(r"\operatorname{KL}(p \,\|\, q)"), " measure?"),),
                 (shown(r"D_{\mathrm{KL}}(p \,\|\, q) = \sum_{x \in \mathcal{X}} p(x)"
                        r"\log\frac{p(x)}{q(x)} \ge 0"),
                  paragraph("The bits wasted by coding ", math("p"), " with a code for ",
                            math("q"), ". Not symmetric; ", math(r"\infty"), " where ",
                            math("q(x) = 0 < p(x)"), ".")), section="Foundations"),
        question((paragraph("What is the lower bound of a variational autoencoder?"),),
                 (shown(BOUND),), section="Foundations"),
        question((paragraph("How does attention work?"),), ATTENTION_ANSWER,
                 section="Transformers"),
        code("Implement attention", python(ATTENTION), section="Transformers",
             evidence="verified: attention, batches of heads", verified=True),
        cloze("A transformer's layer has ", gap(1, "attention"), " and a ",
              gap(2, "feed-forward network"), ", each inside a ", gap(1, "residual connection"),
              "; its cost grows with ", gap(3, math("n^2 d")), ".",
              answer=(paragraph("The network has four times the width."),), section="Transformers"),
        question((paragraph("Which optimizers are there, and what do they keep?"),), OPTIMIZERS,
                 section="Training"),
        code("Implement a stable softmax", python(SOFTMAX), section="Training",
             evidence="verified: softmax, rows of a matrix", verified=True,
             formula=math(r"\operatorname{softmax}(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}",
                          display=True)),
        question((paragraph("What are the steps of training?"),), STEPS, section="Training"),
        question((paragraph("Which loss bears outliers?"),), (shown(HUBER),), section="Training"),
        question((paragraph("What is a Jacobian?"),),
                 (shown(JACOBIAN), paragraph("Backpropagation multiplies by its transpose; see ",
                  Verbatim("torch.autograd.functional.jacobian"), ".")), section="Training"),
        question((paragraph("What does this print?"), python("print([i ** 2 for i in range(3)])")),
                 (Listing(((Run("[0, 1, 4]"),),)),), section="Training"),
    ),
)  # fmt: skip
MEDIA = (CURVE,)


def cards_of(sections: str) -> tuple[CardView, ...]:
    """Return the cards of one section."""
    return tuple(card for card in DEMONSTRATION.cards if card.section == sections)


def main(folder: Path) -> None:
    """Write the four sheets."""
    for paper in ("a4", "letter"):
        for name, landscape in (("portrait", False), ("landscape", True)):
            (sheet,), _ = pdf.export(
                DEMONSTRATION, media=MEDIA, paper=paper, landscape=landscape, formulas=True
            )
            (folder / f"{paper}-{name}.pdf").write_bytes(sheet.content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

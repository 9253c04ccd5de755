"""proofdeck: interview-question banks in Markdown become verified Anki decks and cheat sheets."""

__version__ = "0.1.0"

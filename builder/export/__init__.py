"""An edition becomes files: a deck for Anki, a sheet for each note."""

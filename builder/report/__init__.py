"""A report becomes text for people or JSON for programs. Same report, same bytes."""

"""How long a visitor will wait."""

"""Which exercise a clip shows, where nobody said so."""

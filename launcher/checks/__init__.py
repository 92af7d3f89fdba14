"""Questions about a marketplace that runs, here or anywhere; each answers with findings. Nothing is started here."""

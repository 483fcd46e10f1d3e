"""The tools whose exports are read: one package each, with every word that is theirs alone."""

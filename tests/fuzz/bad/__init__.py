"""Broken and hostile files of every kind, made from a seed. `inputs.make` fills a folder with them."""

"""One reader for each format (core/documents/formats.py), all run in the parser worker.

`read(path, name, notes)` yields the pages of a file as `core.documents.model` has them, adds to `notes` what it could not read, and
raises the typed errors for files. PDFs also draw pages.
"""

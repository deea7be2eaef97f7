"""One reader per format, all run in the parser worker.

A reader yields `PageText` objects and raises the typed errors for files. PDFs also draw pages.
"""

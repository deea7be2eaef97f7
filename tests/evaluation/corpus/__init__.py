"""The documents on which answers are measured, and the questions about them."""

"""Reading aloud: what is said of a text, how it is pronounced, and the voice that says it."""

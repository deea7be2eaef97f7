"""What every reader has to reckon with: a file that is not of the shape that its program gives it."""

# What looking into such a file raises. Readers say which file it was, and go on with the next.
STRANGE = (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)

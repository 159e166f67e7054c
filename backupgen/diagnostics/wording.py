"""How findings and reports say what they all have to say: lists of names, numbers of things, parts of sentences."""


def phrase(sentence: str) -> str:
    """A sentence as a part of another: without its capital and its final period."""
    return sentence[:1].lower() + sentence[1:].rstrip(".")

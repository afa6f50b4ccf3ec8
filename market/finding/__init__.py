"""Finding creators: an index of words and facets, counts beside each choice, and saved searches that report what is new."""

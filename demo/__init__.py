"""The demo world: a believable Double 11, the same for the same seed."""

"""`./vtask chaos`: the money journey acted by careful clients, while everything under them is killed at random."""

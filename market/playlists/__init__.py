"""Collections of films that a store shows: its own choice, and two that fill themselves."""

"""The lowest floor: no business words, only what every package builds on."""

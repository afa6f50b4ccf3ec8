"""How often published work was seen, and what a person watched."""

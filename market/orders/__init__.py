"""The award, and the agreement it makes: terms, milestones, states, money."""

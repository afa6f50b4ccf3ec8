"""A budget and a goal become a set of creators: who, why not others, what each limit costs, and when to begin."""

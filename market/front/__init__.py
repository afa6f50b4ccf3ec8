"""The way in: the home page, help, and in development the living style sheet."""

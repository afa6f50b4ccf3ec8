"""How films do beside others of their category: the red list, and what becomes of those that do badly."""

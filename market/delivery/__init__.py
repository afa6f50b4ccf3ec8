"""Scripts, drafts, review rounds, acceptance, and the landing that pays the last part."""

"""The live programme: what will be on, and reminders."""

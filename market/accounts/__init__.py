"""Who: people, the parties they act for, memberships, sign-in and API keys."""

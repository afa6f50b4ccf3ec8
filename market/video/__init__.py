"""The video shelf."""

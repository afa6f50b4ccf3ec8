"""Following, posts, and the followers' feed."""

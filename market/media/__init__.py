"""Stored files: resumable upload, checks, transcoding, and serving under unguessable names."""

"""What a work will bring before it is paid: expected plays and interactions with intervals, and what such work costs."""

"""Every process that is not the web: relay, queue workers, schedule, and what a fact sets off."""

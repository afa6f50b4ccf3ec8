"""Four eyes: what one operator asks for and another must agree to before it happens."""

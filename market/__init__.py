"""V-task Market: the product, one package per thing the business talks about (floors in docs/architecture.md)."""

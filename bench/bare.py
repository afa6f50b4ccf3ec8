"""The reference of the pages bench: Flask, one page, nothing behind it."""

from flask import Flask

app = Flask(__name__)
PAGE = f"<!doctype html><title>bare</title><p>{'nothing but Flask ' * 60}</p>"


@app.get("/")
def page() -> str:
    return PAGE

"""The reference of what is asked over HTTP: Flask, one page, nothing behind it."""

import os
import shutil
from pathlib import Path
from uuid import uuid4

from flask import Flask, request

app = Flask(__name__)
PAGE = f"<!doctype html><title>bare</title><p>{'nothing but Flask ' * 60}</p>"


@app.get("/")
def page() -> str:
    return PAGE


@app.post("/views")
def views() -> tuple[str, int]:
    request.get_data()
    return "", 204


@app.post("/file")
def file() -> tuple[str, int]:
    kept = Path(os.environ["BENCH_FOLDER"], uuid4().hex)
    with kept.open("wb") as out:
        shutil.copyfileobj(request.stream, out, 256 * 1024)
    kept.unlink()
    return "", 204

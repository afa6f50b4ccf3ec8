"""The preview's sound in Chromium beside the renderer's: how loud film and music are, and how the one lowers the other."""

import base64
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from market.kit import ids
from market.kit.db import transaction
from market.media import cut, ffmpeg, service
from market.media.config import config, configure
from market.media.models import Asset
from market.media.probe import probe
from market.media.transcode import SILENCE
from tests.conftest import Player
from tests.front.conftest import Reader
from tests.media import clips
from tests.media.test_in_a_browser import until
from tests.media.test_serving import ready_film

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("ear")]
RATE = 48_000
MUSIC = {"track": "lantern", "level": 70, "duck": True}
Samples = NDArray[np.float32]

# Keeps what goes into the node that ducks and what comes out of it: music, voice, music, voice.
EAR = """
registerProcessor("ear", class extends AudioWorkletProcessor {
  process(inputs) {
    const block = new Float32Array(512);
    inputs.forEach((input, nth) => input.length && block.set(input[0], 128 * nth));
    this.port.postMessage(block);
    return true;
  }
});
"""
EARS = """
window.heard = [];
const add = AudioWorklet.prototype.addModule;
AudioWorklet.prototype.addModule = async function (url) {
  await add.call(this, "/static/js/ear.js");
  return add.call(this, url);
};
const Plain = AudioWorkletNode, connect = AudioNode.prototype.connect;
window.AudioWorkletNode = class extends Plain {
  constructor(context, name, options) {
    super(context, name, options);
    window.rate = context.sampleRate;
    window.duckNode = this;
    window.ear = new Plain(context, "ear", { numberOfInputs: 4, numberOfOutputs: 1, channelCount: 2, channelCountMode: "explicit" });
    ear.port.onmessage = ({ data }) => heard.push(data);
    connect.call(ear, context.destination);
    for (const output of [0, 1]) connect.call(this, ear, output, 2 + output);
  }
};
AudioNode.prototype.connect = function (target, output = 0, input = 0) {
  if (target === window.duckNode) connect.call(this, ear, output, input);
  return connect.call(this, target, output, input);
};
"""
TAKE = """() => {
  const all = new Uint8Array(new Float32Array(heard.flatMap((block) => [...block])).buffer);
  let text = "";
  for (let at = 0; at < all.length; at += 32768) text += String.fromCharCode(...all.subarray(at, at + 32768));
  return btoa(text);
}"""


@pytest.fixture
def ear(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Worklets are not fetched by the page, so nothing of Playwright's comes between: the site itself has one more file."""
    serve = app.wsgi_app

    def with_one_more(environ: Any, start: Any) -> Any:
        if environ["PATH_INFO"] != "/static/js/ear.js":
            return serve(environ, start)
        start("200 OK", [("Content-Type", "text/javascript")])
        return [EAR.encode()]

    monkeypatch.setattr(app, "wsgi_app", with_one_more)


def samples(packed: bytes, channels: int = 1) -> Samples:
    return np.frombuffer(packed, "<f4").reshape(-1, channels)


def power(part: Samples) -> float:
    """In dB of full scale."""
    return float(10 * np.log10(np.mean(part.astype(float) ** 2) + 1e-12))


@pytest.fixture
def spoken(shelf: Path) -> Callable[[str], Path]:
    """Six seconds: a tone for three, as quiet as a phone records from afar, then silence."""

    def make(size: str) -> Path:
        target = shelf / f"说话-{size}.mp4"
        if target.exists():
            return target
        return clips.make(
            target, "-f", "lavfi", "-i", f"color=navy:size={size}:rate=10:duration=6",
            "-f", "lavfi", "-i", "sine=frequency=440:duration=6", "-af", "volume=-3dB,volume=0:enable='gte(t,3)'",
            "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
        )  # fmt: skip

    return make


def rendered(source: Path, edit: dict[str, Any]) -> Samples:
    """What the renderer mixes of an edit list, before it brings the whole to its loudness."""
    bench = cut.Bench(cut.Cut.read(edit), {"it": (source, probe(source))})
    command = [
        ffmpeg.binary(), "-nostdin", "-loglevel", "error", *cut.inputs(bench, pictures=False),
        "-filter_complex", f"{cut.sound(bench, SILENCE)}[mix]", "-map", "[mix]", "-f", "f32le", "-",
    ]  # fmt: skip
    return samples(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout, 2)[:, 0]


def draft_of(lin: Player, film: Asset, **edit: Any) -> str:
    clip = {"asset_id": ids.encode("ast", film.id), "in_ms": 0, "out_ms": film.duration_ms}
    made = lin.api("POST", "/edits", json={"title": "声音", "edit_list": {"clips": [clip], **edit}})
    return f"/uploads/edits/{made.json['id']}"


def plays_to_the_end(page: Page, seconds: str) -> None:
    page.get_by_role("button", name="播放", exact=True).click()
    expect(page.locator("[data-clock]")).to_have_text(f"{seconds} / {seconds}")
    expect(page.locator("[data-play-word]")).to_have_text("播放")


def heard_by(page: Page) -> NDArray[np.float32]:
    """Rows: music and voice as they come to the node that ducks, and as they leave it."""
    blocks = samples(base64.b64decode(page.evaluate(TAKE))).reshape(-1, 4, 128)
    return np.ascontiguousarray(blocks.transpose(1, 0, 2).reshape(4, -1))


def test_the_browser_computes_what_ffmpeg_computes(
    app: Flask, chromium: Browser, site: str, lin: Player, silent: Path, shelf: Path, tmp_path: Path
):
    """Sample by sample, by the numbers that the page is given: noise under a voice of all loudnesses, the knee among them."""
    dice = np.random.default_rng(11)
    loud = np.repeat(10 ** (np.array([-60, -30, -36, -12, -90, -33, -3, -90]) / 20), RATE // 2)
    voice = (dice.uniform(-1, 1, (len(loud), 2)) * loud[:, None]).astype("<f4")
    music = dice.uniform(-0.5, 0.5, voice.shape).astype("<f4")
    command = [ffmpeg.binary(), "-nostdin", "-loglevel", "error"]
    for name, sound in (("music", music), ("voice", voice)):
        (tmp_path / name).write_bytes(sound.tobytes())
        command += ["-f", "f32le", "-ar", str(RATE), "-ac", "2", "-i", str(tmp_path / name)]
    command += ["-filter_complex", f"[0][1]{cut.DUCK}", "-f", "f32le", "-"]
    theirs = samples(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout, 2)
    reader = Reader(chromium, site)
    reader.sign_in(lin)
    reader.page.goto(draft_of(lin, ready_film(app, lin, silent, shelf)))

    ours = reader.page.evaluate(
        """async ([rate, ...sounds]) => {
          const { duckIn } = await import("/static/js/mix.js");
          const read = (text) => new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
          const [left, right, ...voice] = sounds.map(read);
          const context = new OfflineAudioContext(2, left.length, rate);
          const duck = await duckIn(context, JSON.parse(document.querySelector("[data-here]").textContent).ducking);
          duck.parameters.get("on").value = 1;
          [[left, right], voice].forEach((channels, input) => {
            const buffer = context.createBuffer(2, left.length, rate);
            channels.forEach((channel, nth) => buffer.copyToChannel(channel, nth));
            const source = new AudioBufferSourceNode(context, { buffer });
            source.connect(duck, 0, input);
            source.start();
          });
          duck.connect(context.destination, 0);
          const made = new Uint8Array((await context.startRendering()).getChannelData(0).buffer);
          let text = "";
          for (let at = 0; at < made.length; at += 32768) text += String.fromCharCode(...made.subarray(at, at + 32768));
          return btoa(text);
        }""",
        [RATE, *(base64.b64encode(each.tobytes()).decode() for each in (*music.T.copy(), *voice.T.copy()))],
    )

    gain = np.abs(theirs[:, 0]) / np.maximum(np.abs(music[: len(theirs), 0]), 1e-3)
    assert gain.min() < 0.1, "the loudest voice lowers the music by more than 20 dB"
    assert np.abs(samples(base64.b64decode(ours))[: len(theirs), 0] - theirs[:, 0]).max() < 1e-5
    assert reader.complaints == []
    reader.context.close()


@pytest.mark.parametrize(
    "size", ["480x480", "640x480"], ids=["levelled at the upload", "uncut, of one channel"]
)
def test_music_and_film_are_as_loud_in_the_preview_as_the_renderer_mixes_them(
    app: Flask,
    chromium: Browser,
    site: str,
    lin: Player,
    spoken: Callable[[str], Path],
    shelf: Path,
    size: str,
):
    source = spoken(size)
    film = ready_film(app, lin, source, shelf)
    clip = {
        "source": "it", "filename": "it", "in_ms": 0, "out_ms": film.duration_ms, "focus_x": 5000, "focus_y": 5000,
    }  # fmt: skip
    edit = {
        "clips": [clip], "texts": [], "captions": [], "burn_captions": False, "sound_level": 80, "cover_ms": None,
    }  # fmt: skip
    voice = rendered(source, edit | {"music": None})
    plain, under = (
        rendered(source, edit | {"music": MUSIC | {"duck": duck}})[: len(voice)] - voice
        for duck in (False, True)
    )
    reader = Reader(chromium, site)
    reader.page.add_init_script(EARS)
    reader.sign_in(lin)
    page = reader.page
    page.goto(draft_of(lin, film, sound_level=80, music=MUSIC))
    expect(page.locator("[data-duck-heard]")).to_be_visible()

    plays_to_the_end(page, "6.0")

    rate = page.evaluate("rate")
    into, _raw, out, said = heard_by(page)
    end = int(np.flatnonzero(np.abs(said) > 0.01)[-1])  # the film's third second

    def stretch(row: Samples, start_s: float, end_s: float) -> Samples:
        return row[end + int((start_s - 3) * rate) : end + int((end_s - 3) * rate)]

    def of_the_film(row: Samples, start_s: float, end_s: float) -> Samples:
        return row[int(start_s * RATE) : int(end_s * RATE)]

    lowered = []
    for span in ((1.5, 2.8), (3.8, 4.4), (4.7, 5.6)):
        here = power(stretch(out, *span)) - power(stretch(into, *span))
        there = power(of_the_film(under, *span)) - power(of_the_film(plain, *span))
        lowered.append(there)
        assert here == pytest.approx(there, abs=0.5), f"the music is lowered alike, {span}"
        whole = power(of_the_film(under, *span))
        assert power(stretch(out, *span)) == pytest.approx(whole, abs=1), f"the music is as loud, {span}"
    assert lowered[0] < -3 and lowered[1] > -0.1, "the voice lowers it, and only the voice"
    spoke = power(of_the_film(voice, 1.5, 2.8))
    assert power(stretch(said, 1.5, 2.8)) == pytest.approx(spoke, abs=0.5), "the film is as loud"

    page.locator("[data-duck]").uncheck()
    page.evaluate("heard.length = 0")
    plays_to_the_end(page, "6.0")
    into, _raw, out, _said = heard_by(page)
    assert power(out) > -60
    assert np.array_equal(into, out), "it is left alone when that is chosen"
    assert reader.complaints == []
    reader.context.close()


@contextmanager
def cdn(app: Flask, *, with_cors: bool) -> Iterator[str]:
    """Another host with the same files."""

    def serve(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            kept = [each for each in headers if with_cors or each[0] != "Access-Control-Allow-Origin"]
            return start(status, kept, *rest)

        return app(environ, begin)

    server = make_server("127.0.0.1", 0, serve, threaded=True)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.mark.parametrize("with_cors", [True, False], ids=["open", "closed to scripts"])
def test_a_film_of_another_host_is_heard_in_every_case(
    app: Flask,
    chromium: Browser,
    site: str,
    lin: Player,
    spoken: Callable[[str], Path],
    shelf: Path,
    with_cors: bool,
):
    """Second clip, so that the first one's element is in the mix already."""
    ours = ready_film(app, lin, spoken("640x480"), shelf)
    film = ready_film(app, lin, spoken("480x480"), shelf)
    with app.app_context(), transaction():
        service.publish(film.id)
    parts = [{"asset_id": ids.encode("ast", each.id), "in_ms": 0, "out_ms": 2000} for each in (ours, film)]
    draft = lin.api(
        "POST", "/edits", json={"title": "别处", "edit_list": {"clips": parts, "music": MUSIC}}
    ).json
    with cdn(app, with_cors=with_cors) as there:
        configure(replace(config(), public_url=there))
        reader = Reader(
            chromium, site, bypass_csp=True
        )  # the app, and with it its policy, began without the other host
        page = reader.page
        reader.sign_in(lin)
        page.goto(f"/uploads/edits/{draft['id']}")
        page.add_script_tag(content=EARS)

        plays_to_the_end(page, "4.0")

        video = page.locator("[data-video]")
        assert video.evaluate("video => video.currentSrc").startswith(there)
        expect(page.locator("[data-duck-heard]")).to_be_visible(visible=with_cors)
        expect(page.locator("[data-duck-unheard]")).to_be_visible(visible=not with_cors)
        _music, _raw, out, said = heard_by(page)
        rate = page.evaluate("rate")
        assert power(out[-rate:]) > -50, "the music goes on"
        if with_cors:
            assert power(said[-rate:]) > -40
        else:
            assert video.evaluate("video => video.volume") > 0
            assert video.evaluate("video => video.webkitAudioDecodedByteCount") > 0
            free = "video => new AudioContext().createMediaElementSource(video).numberOfOutputs"
            assert video.evaluate(free) == 1, "no graph has it, which would be silent: it plays by itself"
        reader.context.close()


def test_where_a_browser_has_no_audio_graph_film_and_music_play_by_themselves(
    app: Flask, chromium: Browser, site: str, lin: Player, spoken: Callable[[str], Path], shelf: Path
):
    film = ready_film(app, lin, spoken("640x480"), shelf)
    reader = Reader(chromium, site)
    reader.page.add_init_script("delete window.AudioContext; delete window.AudioWorkletNode;")
    reader.sign_in(lin)
    page = reader.page
    page.goto(draft_of(lin, film, sound_level=80, music=MUSIC))
    expect(page.locator("[data-duck-unheard]")).to_be_visible()
    expect(page.locator("[data-duck-heard]")).to_be_hidden()

    page.get_by_role("button", name="播放", exact=True).click()
    until(page, "v.currentTime > 1")

    assert page.locator("[data-video]").evaluate("video => video.volume") == pytest.approx(0.8)
    tune = page.locator("[data-music]")
    assert tune.evaluate("music => [music.volume, music.paused]") == [pytest.approx(0.7), False]
    page.get_by_role("button", name="暂停", exact=True).click()
    assert tune.evaluate("music => music.paused")
    assert reader.complaints == []
    reader.context.close()

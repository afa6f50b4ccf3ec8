// What the editor sounds like: the film and the music under it, mixed as the renderer mixes them (market/media/cut.py).
// Where a browser has no audio graph, or a film's host lets no script hear it, they play by themselves: no ducking, but sound.
const can = "audioWorklet" in (globalThis.AudioContext?.prototype ?? {});

/* The node that pushes its first input, the music, down under its second, the voice; both come out of it. */
export async function duckIn(context, numbers) {
  await context.audioWorklet.addModule(new URL("duck.js", import.meta.url));
  return new AudioWorkletNode(context, "duck", {
    numberOfInputs: 2,
    numberOfOutputs: 2,
    outputChannelCount: [2, 2],
    channelCount: 2,
    channelCountMode: "clamped-max",
    processorOptions: numbers,
  });
}

export function mixOf(film, music, numbers) {
  let context, duck, voice, tune;
  let alone = !can;
  let levels = { voice: 1, music: 1, duck: false };

  /* An element that was given to a graph never plays by itself again: it is given only when the graph runs. */
  async function build() {
    try {
      context = new AudioContext();
      [duck] = await Promise.all([duckIn(context, numbers), context.resume()]);
    } catch (wrong) {
      console.warn(wrong);
      context?.close();
      context = null;
      alone = true;
      return;
    }
    for (const output of [0, 1]) duck.connect(context.destination, output);
    tune = context.createGain();
    context.createMediaElementSource(music).connect(tune).connect(duck, 0, 0);
    if (!alone) {
      voice = context.createGain();
      context.createMediaElementSource(film).connect(voice).connect(duck, 0, 1);
    }
    set(levels);
  }
  function loud(element, node, level) {
    element.volume = node ? 1 : Math.min(1, level);
    if (node) node.gain.value = level;
  }
  function set(wanted) {
    levels = wanted;
    loud(film, voice, levels.voice);
    loud(music, tune, levels.music);
    if (duck) duck.parameters.get("on").value = Number(levels.duck);
  }
  return {
    set,
    get ducks() {
      return !alone;
    },
    /* In the press of a button: a browser starts no sound otherwise. */
    begin() {
      if (context) context.resume();
      else if (!alone) build();
    },
    end() {
      context?.suspend();
    },
    /* The film is in `other` from now on, which no script may hear. */
    leave(other) {
      film = other;
      voice?.disconnect();
      voice = null;
      alone = true;
      set(levels);
    },
  };
}

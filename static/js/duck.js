// The film's sound, and the music pushed down under it, in the browser's audio thread: what ffmpeg's `sidechaincompress` does
// with link=average and detection=rms, sample by sample. Inputs and outputs: the music, the voice.
class Duck extends AudioWorkletProcessor {
  static parameterDescriptors = [{ name: "on", defaultValue: 0, automationRate: "k-rate" }];

  /* `attack` and `release` in milliseconds, `threshold` in parts of full scale; the knee lies around it, `knee` wide. */
  constructor({ processorOptions: { threshold, ratio, attack, release, knee } }) {
    super();
    const share = (ms) => Math.min(1, 4000 / (ms * sampleRate));
    this.rise = share(attack);
    this.fall = share(release);
    this.half = Math.log(knee) / 2;
    this.begin = Math.log(threshold) - this.half;
    this.slope = 1 / ratio - 1;
    this.loud = 0;
  }

  gain() {
    const over = Math.log(this.loud) / 2 - this.begin;
    if (over <= 0) return 1;
    return Math.exp(this.slope * (over < 2 * this.half ? over ** 2 / (4 * this.half) : over - this.half));
  }

  process([music, voice], [under, own], { on: [on] }) {
    // An input to which nothing comes has no channels; of one ffmpeg makes two with the power of the one.
    const [left, right = left] = voice;
    const part = voice.length === 1 ? Math.SQRT1_2 : 1;
    for (let at = 0; at < own[0].length; at++) {
      if (left) {
        own[0][at] = part * left[at];
        own[1][at] = part * right[at];
      }
      const now = ((Math.abs(own[0][at]) + Math.abs(own[1][at])) / 2) ** 2;
      this.loud += (now - this.loud) * (now > this.loud ? this.rise : this.fall);
      const gain = on ? this.gain() : 1;
      music.forEach((channel, nth) => (under[nth][at] = channel[at] * gain));
    }
    return true;
  }
}
registerProcessor("duck", Duck);

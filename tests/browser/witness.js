// Installed into the page by the browser tests: watches the real picture and listens to the real sound, with performance.now() times.
window.witness = (() => {
  const frames = [], levels = [];
  const canvas = new OffscreenCanvas(64, 64);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let video = null, analyser = null;

  function look(now) {
    context.drawImage(video, 0, 0, 64, 64);
    const pixels = context.getImageData(0, 0, 64, 64).data;
    const luma = new Uint8Array(64 * 64);
    for (let i = 0; i < luma.length; i++) luma[i] = (pixels[4 * i] * 77 + pixels[4 * i + 1] * 150 + pixels[4 * i + 2] * 29) >> 8;
    frames.push({ atMs: now, luma });
    if (frames.length > 2000) frames.shift();
    video.requestVideoFrameCallback(look);
  }

  function listen() {
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    levels.push({ atMs: performance.now(), rms: Math.sqrt(sum / samples.length) });
    if (levels.length > 20000) levels.shift();
  }

  return {
    frames, levels,
    start() {
      const avatar = document.querySelector("visavis-avatar");
      video = avatar.shadowRoot.querySelector("video");
      video.requestVideoFrameCallback(look);
      const audio = new AudioContext();
      analyser = audio.createAnalyser();
      analyser.fftSize = 256;
      audio.createMediaStreamSource(window.visavis.stream).connect(analyser);
      setInterval(listen, 5);
    },
    // Mean change between neighbouring frames inside a box (0 to 1), for frames between two times.
    change(from, to, [x0, y0, x1, y1]) {
      const chosen = frames.filter((frame) => frame.atMs >= from && frame.atMs <= to);
      let sum = 0, count = 0;
      for (let k = 1; k < chosen.length; k++)
        for (let y = Math.floor(y0 * 64); y < y1 * 64; y++)
          for (let x = Math.floor(x0 * 64); x < x1 * 64; x++) {
            sum += Math.abs(chosen[k].luma[y * 64 + x] - chosen[k - 1].luma[y * 64 + x]);
            count++;
          }
      return count ? sum / count : 0;
    },
    // Times at which sound begins after at least `gapMs` of silence.
    onsets(from, threshold, gapMs) {
      const found = [];
      let quietSince = from;
      for (const { atMs, rms } of levels) {
        if (atMs < from) continue;
        if (rms > threshold) {
          if (atMs - quietSince >= gapMs) found.push(atMs);
          quietSince = atMs;
        }
      }
      return found;
    },
    lastLoud(from, threshold) {
      const loud = levels.filter(({ atMs, rms }) => atMs >= from && rms > threshold);
      return loud.length ? loud.at(-1).atMs : null;
    },
    firstLoud(from, threshold) {
      const loud = levels.find(({ atMs, rms }) => atMs >= from && rms > threshold);
      return loud ? loud.atMs : null;
    },
  };
})();

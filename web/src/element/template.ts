import { icons } from "./icons";

/** The element's inside. Static: whatever comes from outside is put in as text, never as markup. */
export const template = `
<div class="frame" part="frame">
  <div class="stage" part="stage">
    <svg class="silhouette" viewBox="0 0 200 200" aria-hidden="true" focusable="false">
      <path class="shoulders" d="M0 204c2-34 20-46 50-53 20-5 30-9 32-24h36c2 15 12 19 32 24 30 7 48 19 50 53z"/>
      <path class="head" d="M100 22c-27 0-41 19-40 47 1 33 18 60 40 60s39-27 40-60c1-28-13-47-40-47z"/>
    </svg>
    <img class="poster" alt="" hidden>
    <video class="person" part="video" playsinline autoplay disablepictureinpicture></video>
    <canvas class="drawn" part="drawn" hidden></canvas>
    <canvas class="still" aria-hidden="true"></canvas>
    <canvas class="ambience" aria-hidden="true"></canvas>
    <div class="scrim" aria-hidden="true"></div>
    <div class="plate">
      <div class="who"><span class="glyph" aria-hidden="true"><i></i><i></i><i></i></span><span class="name"></span><span class="doing" role="status"></span></div>
      <div class="marks"><span class="mark" part="mark" title="The person you see is made by a computer">AI avatar</span><button class="guide" type="button" aria-expanded="false" hidden>Scripted guide, not a language model</button></div>
      <div class="plug" role="note" hidden>
        <p>A small script that comes with visavis is answering. It knows some set pieces and <strong>is not a language model</strong>.</p>
        <p>To plug one in, start the server with a model's name, and its key in the environment:</p>
        <code>visavis talk --llm openai/gpt-4.1-mini</code>
        <p>Or any server that speaks the OpenAI interface, such as Ollama on your own machine:</p>
        <code>export VISAVIS_OPENAI_BASE_URL=http://localhost:11434/v1</code>
        <code>visavis talk --llm openai/llama3.2</code>
      </div>
    </div>
    <div class="corner"><slot name="corner"></slot></div>
    <div class="foot">
      <div class="captions" aria-hidden="true"><p class="heard user"></p><p class="heard agent"></p></div>
      <div class="notice" role="alert" hidden><p><strong></strong> <span></span></p><button class="dismiss" type="button" aria-label="Dismiss">${icons.close}</button></div>
    </div>
    <div class="card" hidden></div>
    <button class="hear" type="button" hidden>${icons.sound}<span>Press to hear</span></button>
  </div>
  <form class="dock" part="dock" autocomplete="off">
    <button class="round mic" type="button"></button>
    <input class="text" type="text" maxlength="4000" enterkeyhint="send" aria-label="Message">
    <button class="round interrupt" type="button" aria-label="Interrupt" title="Interrupt (Esc)" aria-keyshortcuts="Escape">${icons.stop}</button>
    <button class="round send" type="submit" aria-label="Send" title="Send (Enter)">${icons.send}</button>
    <button class="round hangup" type="button" aria-label="End the call" title="End the call">${icons.hangUp}</button>
  </form>
  <div class="spoken" role="log" aria-live="polite" aria-label="Captions"></div>
</div>`;

/** The element inside `root` that `selector` names; its absence is our own mistake. */
export function part<E extends Element>(root: ParentNode, selector: string): E {
  const found = root.querySelector<E>(selector);
  if (!found) throw new Error(`visavis: ${selector} is missing`);
  return found;
}

/** The settings sheet: microphone, speaker, appearance, captions, and the keys. */

import { icons } from "../element/icons";
import type { VisavisAvatar } from "../element/avatar-element";
import { part } from "../element/template";
import { currentTheme, setTheme, type Theme } from "./theme";

const CAPTIONS_KEY = "visavis.captions";
const DRAW_KEY = "visavis.draw";

const sheet = `
<div class="panel-head"><h2 id="settings-title">Settings</h2><button class="tool close" type="button" aria-label="Close the settings">${icons.close}</button></div>
<label class="field"><span>Microphone</span><select class="microphones"></select><small class="microphone-note"></small></label>
<label class="field speaker-field"><span>Speaker</span><select class="speakers"></select></label>
<fieldset class="field"><legend>Appearance</legend><div class="choice">
<label><input type="radio" name="theme" value="auto">Automatic</label><label><input type="radio" name="theme" value="light">Light</label><label><input type="radio" name="theme" value="dark">Dark</label>
</div></fieldset>
<fieldset class="field"><legend>Picture drawn by</legend><div class="choice">
<label><input type="radio" name="draw" value="server">The server</label><label><input type="radio" name="draw" value="viewer">This device</label>
</div><small>This device: no video is sent, only the face's motion, and the server holds many more calls.</small></fieldset>
<label class="switch">Captions<input type="checkbox" class="captions" role="switch"></label>
<p class="elsewhere"><a href="./room.html">Join a LiveKit room instead</a></p>
<dl class="keys"><dt><kbd>Esc</kbd></dt><dd>interrupt</dd><dt><kbd>M</kbd></dt><dd>mute or unmute</dd><dt><kbd>/</kbd></dt><dd>type</dd><dt><kbd>Enter</kbd></dt><dd>send</dd></dl>`;

export class Settings {
  readonly #microphones: HTMLSelectElement;
  readonly #speakers: HTMLSelectElement;

  constructor(private readonly dialog: HTMLDialogElement, private readonly avatar: VisavisAvatar) {
    dialog.innerHTML = sheet;
    this.#microphones = part(dialog, ".microphones");
    this.#speakers = part(dialog, ".speakers");
    part(dialog, ".close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    this.#microphones.addEventListener("change", () => void avatar.client.openMicrophone(this.#microphones.value || null));
    this.#speakers.addEventListener("change", () => void this.#setSpeaker());
    this.#appearance();
    this.#drawing();
    this.#captions(part(dialog, ".captions"));
    if (isSecureContext) navigator.mediaDevices.addEventListener("devicechange", () => void this.#devices());
  }

  open(): void {
    this.dialog.showModal();
    void this.#devices();
  }

  #appearance(): void {
    for (const input of this.dialog.querySelectorAll<HTMLInputElement>("input[name=theme]")) {
      input.checked = input.value === currentTheme();
      input.addEventListener("change", () => setTheme(input.value as Theme));
      addEventListener("visavis-theme", () => (input.checked = input.value === currentTheme()));
    }
  }

  #drawing(): void {
    const { avatar } = this;
    const asked = new URLSearchParams(location.search).get("draw") ?? localStorage.getItem(DRAW_KEY);
    avatar.setAttribute("draw", asked === "viewer" ? "viewer" : "server");
    for (const input of this.dialog.querySelectorAll<HTMLInputElement>("input[name=draw]")) {
      input.checked = input.value === avatar.getAttribute("draw");
      input.addEventListener("change", () => {
        localStorage.setItem(DRAW_KEY, input.value);
        avatar.setAttribute("draw", input.value);
        if (avatar.client.state.phase === "live") avatar.notice("From the next call on.", "Hang up and call again to see it.");
      });
    }
  }

  #captions(input: HTMLInputElement): void {
    const show = (on: boolean): void => this.avatar.setAttribute("captions", on ? "on" : "off");
    input.checked = localStorage.getItem(CAPTIONS_KEY) !== "off";
    show(input.checked);
    input.addEventListener("change", () => {
      localStorage.setItem(CAPTIONS_KEY, input.checked ? "on" : "off");
      show(input.checked);
    });
  }

  /** Browsers name the devices only once the microphone has been allowed. */
  async #devices(): Promise<void> {
    const note = part(this.dialog, ".microphone-note");
    const devices = isSecureContext ? await navigator.mediaDevices.enumerateDevices() : [];
    const { microphone } = this.avatar.client;
    note.textContent = microphone.trouble?.mend ?? "";
    fill(this.#microphones, devices.filter(({ kind }) => kind === "audioinput"), microphone.deviceId, "Microphone");
    fill(this.#speakers, devices.filter(({ kind }) => kind === "audiooutput"), this.#speakers.value, "Speaker");
    part<HTMLElement>(this.dialog, ".speaker-field").hidden = !("setSinkId" in HTMLMediaElement.prototype) || this.#speakers.length === 0;
  }

  async #setSpeaker(): Promise<void> {
    try {
      await this.avatar.setSpeaker(this.#speakers.value);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      this.avatar.notice("That speaker did not open.", "Choose another one.");
    }
  }
}

function fill(select: HTMLSelectElement, devices: MediaDeviceInfo[], chosen: string | null, kind: string): void {
  select.disabled = devices.length === 0;
  const options = devices.map(({ deviceId, label }, i) => new Option(label || `${kind} ${i + 1}`, deviceId, false, deviceId === chosen));
  select.replaceChildren(...(options.length ? options : [new Option("None found", "")]));
}

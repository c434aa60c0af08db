/** Which LiveKit room to join: one of this server's, or any with an address and a token. The page is room.html. */

import type { VisavisAvatar } from "../element/avatar-element";
import { icons } from "../element/icons";
import { part } from "../element/template";

const sheet = `
<form method="dialog">
<div class="panel-head"><h2 id="room-title">Join a room</h2><button class="tool close" type="button" aria-label="Close">${icons.close}</button></div>
<p class="about">A LiveKit room in which an avatar stands: you see, hear and steer it here.</p>
<label class="field"><span>Room</span><input class="name" type="text" maxlength="64" autofocus autocomplete="off" spellcheck="false"><small>This server gives the token, where it knows a LiveKit server.</small></label>
<details><summary>With an address and a token of your own</summary>
<label class="field"><span>Address</span><input class="url" type="url" pattern="wss?://.+|https?://.+" autocomplete="off" spellcheck="false" placeholder="wss://livekit.example"></label>
<label class="field"><span>Token</span><input class="token" type="password" autocomplete="off" spellcheck="false"></label>
</details>
<p class="wrong" role="alert" hidden></p>
<label class="agree"><input class="speak" type="checkbox"><span>With my microphone</span></label>
<div class="row"><a class="quiet" href="./">Talk directly</a><button class="primary" type="submit" disabled>Join</button></div>
</form>`;

export class RoomDialog {
  constructor(private readonly dialog: HTMLDialogElement, private readonly avatar: VisavisAvatar) {
    dialog.innerHTML = sheet;
    this.#input(".name").value = new URLSearchParams(location.search).get("room") ?? "";
    this.#input(".speak").checked = isSecureContext;
    this.#input(".speak").disabled = !isSecureContext;
    part(dialog, ".close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("input", () => this.#refresh());
    part<HTMLFormElement>(dialog, "form").addEventListener("submit", () => this.#join());
    avatar.client.on("phase", ({ phase, trouble }) => {
      if (phase === "failed" && trouble) this.open(`${trouble.title}. ${trouble.mend}`);
    });
    this.#refresh();
  }

  /** `wrong`: why the last try failed. */
  open(wrong = ""): void {
    const line = part<HTMLElement>(this.dialog, ".wrong");
    line.textContent = wrong;
    line.hidden = wrong === "";
    this.dialog.showModal();
  }

  #input(selector: string): HTMLInputElement {
    return part(this.dialog, selector);
  }

  #refresh(): void {
    const own = this.#input(".url").value !== "" && this.#input(".token").value !== "" && this.#input(".url").checkValidity();
    part<HTMLButtonElement>(this.dialog, ".primary").disabled = !own && this.#input(".name").value.trim() === "";
  }

  #join(): void {
    const { avatar } = this;
    const said = { room: this.#input(".name").value.trim(), "room-url": this.#input(".url").value.trim(), "room-token": this.#input(".token").value.trim() };
    for (const [name, value] of Object.entries(said)) {
      if (value) avatar.setAttribute(name, value);
      else avatar.removeAttribute(name);
    }
    avatar.start({ microphone: this.#input(".speak").checked });
  }
}

/** A new avatar from a file: what it is, by what right, how far it is, and who came of it. */

import { TroubleError } from "../api";
import type { VisavisClient } from "../client";
import { icons } from "../element/icons";
import { part } from "../element/template";
import { upload, type Made, type Wish } from "../upload";

const ACCEPTED = ".jpg,.jpeg,.png,.webp,.glb,.gltf,.vrm,.ply,.spz,.splat,.ksplat,.sog,.zip";
const BUNDLE = /\.zip$/i;
const PICTURE = /\.(jpe?g|png|webp)$/i;
const CHARACTER = /\.(glb|gltf|vrm)$/i;

const ORIGINS: [value: string, label: string][] = [
  ["photograph", "A photograph of a person"],
  ["capture", "A capture or scan of a person"],
  ["character", "A made-up character"],
  ["artwork", "An artwork"],
  ["synthetic", "A made-up person, by a generator"],
];
/** Of these a living person's consent is needed. */
const OF_PEOPLE = new Set(["photograph", "capture"]);

const sheet = `
<form method="dialog" novalidate>
<div class="panel-head"><h2 id="create-title">New avatar</h2><button class="tool close" type="button" aria-label="Close">${icons.close}</button></div>
<div class="ask">
<label class="drop"><input type="file" class="file" accept="${ACCEPTED}"><strong>Choose a file, or drop it here</strong>
<small>A picture, a character (GLB, VRM), splats (PLY, SPZ), or a packed avatar (ZIP)</small></label>
<label class="field name-field"><span>Name</span><input class="name" type="text" maxlength="64" autocomplete="off" spellcheck="false"><small>Lower-case letters, digits and dashes</small></label>
<div class="likeness">
<label class="field"><span>What it shows</span><select class="origin">${ORIGINS.map(([value, label]) => `<option value="${value}">${label}</option>`).join("")}</select></label>
<label class="field"><span>Where it is from</span><input class="statement" type="text" maxlength="400" autocomplete="off" placeholder="Who made it, and under which licence"></label>
<label class="field consent-field"><span>Who agreed to its use, and when</span><input class="consent" type="text" maxlength="400" autocomplete="off" placeholder="Ada Example, in writing, May 2026"></label>
<label class="agree"><input type="checkbox" class="right"><span>I have the right to make this likeness move and speak.</span></label>
</div>
</div>
<div class="work" hidden><p class="doing" role="status"></p><progress max="1"></progress></div>
<p class="wrong" role="alert" hidden></p>
<div class="row"><button class="quiet stop" type="button">Cancel</button><button class="primary make" type="submit">Make the avatar</button></div>
</form>`;

export class CreateDialog {
  #file: File | null = null;
  #upload: AbortController | null = null;

  constructor(private readonly dialog: HTMLDialogElement, private readonly client: VisavisClient, private readonly made: (avatar: Made) => void) {
    dialog.innerHTML = sheet;
    this.#part<HTMLInputElement>(".file").addEventListener("change", () => this.#take(this.#part<HTMLInputElement>(".file").files?.[0]));
    this.#dropping(this.#part(".drop"));
    this.#part(".origin").addEventListener("change", () => this.#refresh());
    dialog.addEventListener("input", () => this.#refresh());
    part<HTMLFormElement>(dialog, "form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#make();
    });
    for (const close of [".close", ".stop"]) this.#part(close).addEventListener("click", () => this.#leave());
    dialog.addEventListener("cancel", () => this.#upload?.abort());
  }

  open(): void {
    this.#show("ask");
    this.#refresh();
    this.dialog.showModal();
  }

  #part<E extends HTMLElement>(selector: string): E {
    return part<E>(this.dialog, selector);
  }

  #value(selector: string): string {
    return this.#part<HTMLInputElement>(selector).value.trim();
  }

  #dropping(zone: HTMLElement): void {
    for (const type of ["dragenter", "dragover"]) {
      zone.addEventListener(type, (event) => {
        event.preventDefault();
        zone.classList.add("over");
      });
    }
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      this.#take(event.dataTransfer?.files[0]);
    });
  }

  #take(file: File | undefined): void {
    if (!file) return;
    this.#file = file;
    const { name } = file;
    part(this.dialog, ".drop strong").textContent = name;
    part(this.dialog, ".drop small").textContent = `${(file.size / 2 ** 20).toFixed(1)} MiB. Choose another by pressing here.`;
    this.#part<HTMLInputElement>(".name").value = nameFrom(name);
    this.#part<HTMLSelectElement>(".origin").value = PICTURE.test(name) ? "photograph" : CHARACTER.test(name) ? "character" : "capture";
    this.#refresh();
  }

  /** Only what this file needs is asked, and only what is complete can be sent. */
  #refresh(): void {
    const bundle = this.#file !== null && BUNDLE.test(this.#file.name);
    const person = OF_PEOPLE.has(this.#value(".origin"));
    this.#part(".likeness").hidden = bundle || this.#file === null;
    this.#part(".name-field").hidden = bundle || this.#file === null;
    this.#part(".consent-field").hidden = !person;
    const agreed = this.#part<HTMLInputElement>(".right").checked && this.#value(".statement") !== "" && (!person || this.#value(".consent") !== "");
    this.#part<HTMLButtonElement>(".make").disabled = this.#file === null || !(bundle || agreed);
  }

  #wish(file: File): Wish {
    if (BUNDLE.test(file.name)) return { file };
    const origin = this.#value(".origin");
    const name = this.#value(".name");
    return {
      file, origin, statement: this.#value(".statement"), ...(name && { name }), ...(OF_PEOPLE.has(origin) && { consent: this.#value(".consent") }),
    };
  }

  async #make(): Promise<void> {
    if (!this.#file || this.#upload) return;
    const sending = (this.#upload = new AbortController());
    this.#show("work");
    this.#tell(0);
    try {
      const { client } = this;
      const made = await upload(this.#wish(this.#file), {
        address: client.address("api/avatars"), token: client.token, signal: sending.signal, onProgress: (share) => this.#tell(share),
      });
      this.#file = null;
      this.dialog.close();
      part<HTMLFormElement>(this.dialog, "form").reset();
      this.made(made);
    } catch (error) {
      this.#show("ask");
      if (error instanceof TroubleError) this.#wrong(`${error.trouble.title}. ${error.trouble.mend}`);
      else if (!(error instanceof DOMException)) throw error;
    } finally {
      this.#upload = null;
    }
  }

  #tell(share: number): void {
    const bar = part<HTMLProgressElement>(this.dialog, "progress");
    if (share < 1) bar.value = share;
    else bar.removeAttribute("value");
    const words = share < 1 ? `Sending the file, ${Math.round(100 * share)} %` : "The server is making the avatar. This can take a minute; calls go on meanwhile.";
    this.#part(".doing").textContent = words;
  }

  #wrong(words: string): void {
    const line = this.#part(".wrong");
    line.textContent = words;
    line.hidden = false;
  }

  #show(what: "ask" | "work"): void {
    this.#part(".ask").hidden = what !== "ask";
    this.#part(".work").hidden = what !== "work";
    this.#part(".make").hidden = what !== "ask";
    this.#part(".wrong").hidden = true;
  }

  #leave(): void {
    this.#upload?.abort();
    this.dialog.close();
  }
}

/** As the server would name it: "Ada Lovelace.jpg" is "ada-lovelace". */
export function nameFrom(file: string): string {
  const stem = file.replace(/\.[^.]*$/, "").normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  return stem.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 64);
}

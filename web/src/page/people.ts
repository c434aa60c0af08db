/** Who to talk with: one choice with the people's names. */

import type { AvatarInfo } from "../api";

export class People {
  constructor(private readonly box: HTMLElement, private readonly choose: (person: AvatarInfo) => void) {}

  list(avatars: readonly AvatarInfo[], chosen: string | null): void {
    this.box.replaceChildren(...avatars.map((avatar) => this.#option(avatar, avatar.name === chosen)));
  }

  mark(name: string | null): void {
    for (const input of this.box.querySelectorAll("input")) input.checked = input.value === name;
  }

  #option(person: AvatarInfo, checked: boolean): HTMLElement {
    const { name, title } = person;
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "person", value: name, checked });
    input.addEventListener("change", () => this.choose(person));
    label.append(input, title);
    return label;
  }
}

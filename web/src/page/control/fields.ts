/** The pieces a panel of controls is made of: sliders that say what they hold, rows of buttons, a pad. Made for keyboard and screen reader. */

import { icons } from "../../element/icons";

export interface SliderSpec {
  label: string;
  min: number;
  max: number;
  /** Where it stands while nothing is held. */
  rest: number;
  step: number;
  say: (value: number) => string;
}

export const percent = (value: number): string => `${Math.round(100 * value)} %`;
export const degrees = (rad: number): string => `${Math.round((180 / Math.PI) * rad)}°`;
export const times = (value: number): string => `${value.toFixed(2)} ×`;

/** A labelled range. It holds its value from the first touch until it is let go. */
export class Slider {
  readonly element = document.createElement("div");
  readonly #input = document.createElement("input");
  readonly #output = document.createElement("b"); // not <output>: the label would name that
  readonly #free = document.createElement("button");
  #held = false;

  constructor(private readonly spec: SliderSpec, changed: (value: number) => void, freed: () => void) {
    const label = document.createElement("label");
    const name = document.createElement("span");
    name.textContent = spec.label;
    Object.assign(this.#input, { type: "range", min: String(spec.min), max: String(spec.max), step: String(spec.step) });
    this.#output.ariaHidden = "true";
    label.append(name, this.#output, this.#input);
    this.#free.type = "button";
    this.#free.className = "free";
    this.#free.innerHTML = icons.close;
    this.#free.ariaLabel = this.#free.title = `Let go of ${spec.label.toLowerCase()}`;
    this.element.className = "slider";
    this.element.append(label, this.#free);
    this.#input.addEventListener("input", () => {
      this.#held = true;
      this.#show();
      changed(this.#input.valueAsNumber);
    });
    this.#free.addEventListener("click", () => {
      this.release();
      freed();
      this.#input.focus();
    });
    this.release();
  }

  /** What is held, or null. */
  get value(): number | null {
    return this.#held ? this.#input.valueAsNumber : null;
  }

  release(): void {
    this.#held = false;
    this.#input.value = String(this.spec.rest);
    this.#show();
  }

  #show(): void {
    const said = this.spec.say(this.#input.valueAsNumber);
    this.#output.textContent = said;
    this.#input.ariaValueText = this.#held ? said : `${said}, free`;
    const { min, max } = this.spec;
    this.#input.style.setProperty("--at", `${(100 * (this.#input.valueAsNumber - min)) / (max - min)}%`);
    this.element.classList.toggle("held", this.#held);
    this.#free.disabled = !this.#held;
  }
}

export function button(label: string, act: () => void): HTMLButtonElement {
  const element = document.createElement("button");
  Object.assign(element, { type: "button", className: "chip", textContent: label });
  element.addEventListener("click", act);
  return element;
}

/** A choice of one among a few, as chips. */
export function choice(name: string, options: readonly [value: string, label: string][], chosen: string, choose: (value: string) => void): HTMLElement {
  const box = document.createElement("div");
  box.className = "chips";
  for (const [value, label] of options) {
    const item = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name, value, checked: value === chosen });
    input.addEventListener("change", () => choose(value));
    item.className = "chip";
    item.append(input, label);
    box.append(item);
  }
  return box;
}

const PAD_STEP = 0.1;

/** A square to point into: x and y from -1 to 1, right and down positive. Arrow keys move the point, Home puts it in the middle. */
export class Pad {
  readonly element = document.createElement("div");
  readonly #dot = document.createElement("i");
  #x = 0;
  #y = 0;

  constructor(label: string, private readonly say: (x: number, y: number) => string, private readonly changed: (x: number, y: number) => void) {
    const { element } = this;
    element.className = "pad";
    element.tabIndex = 0;
    element.setAttribute("role", "slider");
    element.setAttribute("aria-roledescription", "two-dimensional slider");
    element.ariaLabel = label;
    element.append(this.#dot);
    element.addEventListener("pointerdown", (event) => {
      element.setPointerCapture(event.pointerId);
      this.#point(event);
    });
    element.addEventListener("pointermove", (event) => {
      if (element.hasPointerCapture(event.pointerId)) this.#point(event);
    });
    element.addEventListener("keydown", (event) => this.#key(event));
    this.show(0, 0, false);
  }

  show(x: number, y: number, held: boolean): void {
    const inside = (value: number): number => Math.max(-1, Math.min(1, value));
    [this.#x, this.#y] = [inside(x), inside(y)];
    this.#dot.style.setProperty("--x", `${50 + 50 * this.#x}%`);
    this.#dot.style.setProperty("--y", `${50 + 50 * this.#y}%`);
    this.element.classList.toggle("held", held);
    this.element.ariaValueNow = String(Math.round(100 * this.#x));
    this.element.ariaValueMin = "-100";
    this.element.ariaValueMax = "100";
    this.element.ariaValueText = held ? this.say(this.#x, this.#y) : "free";
  }

  #move(x: number, y: number): void {
    this.show(x, y, true);
    this.changed(this.#x, this.#y);
  }

  #point({ clientX, clientY }: PointerEvent): void {
    const box = this.element.getBoundingClientRect();
    this.#move((2 * (clientX - box.left)) / box.width - 1, (2 * (clientY - box.top)) / box.height - 1);
  }

  #key(event: KeyboardEvent): void {
    const moves: Record<string, [number, number]> = { ArrowLeft: [-PAD_STEP, 0], ArrowRight: [PAD_STEP, 0], ArrowUp: [0, -PAD_STEP], ArrowDown: [0, PAD_STEP] };
    const move = moves[event.key];
    if (move) this.#move(this.#x + move[0], this.#y + move[1]);
    else if (event.key === "Home") this.#move(0, 0);
    else return;
    event.preventDefault();
  }
}

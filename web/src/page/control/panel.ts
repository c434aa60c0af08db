/** The hand on the face: emotion, gestures, where it looks, the head, how it moves, and each of the 52 shapes. */

import type { VisavisClient } from "../../client";
import { icons } from "../../element/icons";
import { part } from "../../element/template";
import type { ControlMessage, DoGesture, SetEmotion } from "../../protocol";
import { button, choice, degrees, Pad, percent, Slider, times, type SliderSpec } from "./fields";
import { groups, spoken, type Shape } from "./shapes";

const EMOTIONS: [SetEmotion["emotion"], string][] = [
  ["neutral", "Neutral"], ["happy", "Happy"], ["sad", "Sad"], ["angry", "Angry"], ["surprised", "Surprised"], ["afraid", "Afraid"], ["disgusted", "Disgusted"],
];
const GESTURES: [DoGesture["gesture"], string][] = [
  ["nod", "Nod"], ["shake", "Shake"], ["tilt", "Tilt"], ["raise_brows", "Raise the brows"], ["wink", "Wink"], ["look_aside", "Look aside"],
];
const LOOK_RAD = { yaw: 0.6, pitch: 0.4 };
const HEAD_RAD = { yaw: 0.7, pitch: 0.45, roll: 0.4 } as const;
const HEAD_LABELS = { yaw: "Turn", pitch: "Nod", roll: "Tilt" } as const;
const STYLE = {
  speed: "Speed", energy: "Energy", articulation: "Articulation", expression: "Expression", blinks: "Blinks", eye_contact: "Eye contact",
} as const;
const FADE_MS = 60;

type Style = keyof typeof STYLE;
type Axis = keyof typeof HEAD_RAD;

export class ControlPanel {
  readonly #body = document.createElement("div");
  readonly #weights = new Map<Shape, Slider>();
  readonly #head = new Map<Axis, Slider>();
  readonly #style = new Map<Style, Slider>();
  readonly #waiting = new Map<string, ControlMessage>();
  #emotion: SetEmotion["emotion"] = "neutral";

  constructor(box: HTMLElement, private readonly client: VisavisClient, close: () => void) {
    box.innerHTML = `<div class="panel-head"><h2>Control</h2><button class="tool" type="button" aria-label="Close the control">${icons.close}</button></div>
      <p class="nothing">Steer the face by hand, beside or instead of speech. It works while a call is open.</p>`;
    part(box, "button").addEventListener("click", close);
    this.#body.className = "controls";
    this.#body.append(this.#emotions(), this.#gestures(), this.#look(), this.#heads(), this.#styles(), this.#shapes());
    box.append(this.#body);
    const note = part<HTMLElement>(box, ".nothing");
    const show = (): void => {
      const live = client.state.phase === "live";
      note.hidden = live;
      this.#body.inert = !live;
    };
    client.on("phase", ({ phase }) => {
      if (phase !== "live") this.#forget();
      show();
    });
    show();
  }

  /** One message of a kind for each picture, however fast a slider is dragged. */
  #send(key: string, message: ControlMessage): void {
    if (this.#waiting.size === 0) {
      requestAnimationFrame(() => {
        for (const waiting of this.#waiting.values()) this.client.send(waiting);
        this.#waiting.clear();
      });
    }
    this.#waiting.set(key, message);
  }

  #emotions(): HTMLElement {
    const intensity = new Slider({ label: "Intensity", min: 0, max: 1, rest: 1, step: 0.01, say: percent }, () => this.#feel(intensity), () => this.#feel(intensity));
    const chips = choice("emotion", EMOTIONS, "neutral", (value) => {
      this.#emotion = value as SetEmotion["emotion"];
      this.#feel(intensity);
    });
    return section("Emotion", [chips, intensity.element]);
  }

  #feel(intensity: Slider): void {
    this.#send("emotion", { type: "emotion", emotion: this.#emotion, intensity: intensity.value ?? 1 });
  }

  #gestures(): HTMLElement {
    const chips = document.createElement("div");
    chips.className = "chips";
    chips.append(...GESTURES.map(([gesture, label]) => button(label, () => this.client.send({ type: "gesture", gesture }))));
    return section("Gestures", [chips]);
  }

  #look(): HTMLElement {
    // The viewer's right is the character's left, which counts as positive yaw.
    const say = (x: number, y: number): string => `${degrees(Math.abs(x) * LOOK_RAD.yaw)} ${x < 0 ? "left" : "right"}, ${degrees(Math.abs(y) * LOOK_RAD.pitch)} ${y < 0 ? "up" : "down"}`;
    const pad = new Pad("Where it looks", say, (x, y) => this.#send("look", { type: "look_at", yaw: x * LOOK_RAD.yaw, pitch: y * LOOK_RAD.pitch, fade_ms: 120 }));
    const free = button("Let it look by itself", () => {
      pad.show(0, 0, false);
      this.#send("look", { type: "look_at" });
    });
    this.client.on("phase", () => pad.show(0, 0, false));
    return section("Look", [pad.element, free]);
  }

  #heads(): HTMLElement {
    for (const axis of Object.keys(HEAD_RAD) as Axis[]) {
      const most = HEAD_RAD[axis];
      const spec: SliderSpec = { label: HEAD_LABELS[axis], min: -most, max: most, rest: 0, step: 0.01, say: degrees };
      this.#head.set(axis, new Slider(spec, (value) => this.#send(`head ${axis}`, { type: "head", [axis]: value, fade_ms: 120 }), () => this.#pose()));
    }
    return section("Head", [...this.#head.values()].map(({ element }) => element));
  }

  /** All axes that are held, anew: one cannot be let go by itself. */
  #pose(): void {
    this.client.send({ type: "head" });
    for (const [axis, slider] of this.#head) if (slider.value !== null) this.client.send({ type: "head", [axis]: slider.value, fade_ms: 120 });
  }

  #styles(): HTMLElement {
    for (const name of Object.keys(STYLE) as Style[]) {
      const spec: SliderSpec = { label: STYLE[name], min: name === "speed" ? 0.25 : 0, max: 2, rest: 1, step: 0.05, say: times };
      const changed = (value: number): void => this.#send(`style ${name}`, { type: "style", [name]: value });
      this.#style.set(name, new Slider(spec, changed, () => changed(1)));
    }
    return section("Movement", [...this.#style.values()].map(({ element }) => element));
  }

  #shapes(): HTMLElement {
    const parts = groups.map(([title, shapes]) => {
      const details = document.createElement("details");
      const summary = document.createElement("summary");
      const count = document.createElement("small");
      count.textContent = String(shapes.length);
      summary.append(title, count);
      details.append(summary, ...shapes.map((shape) => this.#shape(title, shape)));
      return details;
    });
    const free = button("Let go of all shapes", () => {
      for (const slider of this.#weights.values()) slider.release();
      this.client.send({ type: "weights", weights: {}, fade_ms: 200 });
    });
    return section("Shapes", [...parts, free]);
  }

  #shape(title: string, shape: Shape): HTMLElement {
    const label = spoken(shape);
    const spec: SliderSpec = { label: label.toLowerCase() === title.toLowerCase() ? title : label, min: 0, max: 1, rest: 0, step: 0.01, say: percent };
    const slider = new Slider(spec, () => this.#hold(), () => {
      this.client.send({ type: "weights", weights: {}, fade_ms: 120 });
      this.#hold();
    });
    slider.element.title = shape;
    this.#weights.set(shape, slider);
    return slider.element;
  }

  #hold(): void {
    const weights: Record<string, number> = {};
    for (const [shape, slider] of this.#weights) if (slider.value !== null) weights[shape] = slider.value;
    if (Object.keys(weights).length > 0) this.#send("weights", { type: "weights", weights, fade_ms: FADE_MS });
  }

  /** A new call starts with nothing held. */
  #forget(): void {
    this.#waiting.clear();
    for (const sliders of [this.#weights, this.#head, this.#style]) for (const slider of sliders.values()) slider.release();
  }
}

function section(title: string, content: Node[]): HTMLElement {
  const field = document.createElement("fieldset");
  const legend = document.createElement("legend");
  legend.textContent = title;
  field.append(legend, ...content);
  return field;
}

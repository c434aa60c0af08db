/** `<visavis-avatar server="…" avatar="nova">`: a person to talk with, on any page. */

import { TroubleError, type AvatarInfo, type AvatarList } from "../api";
import { VisavisClient, type RoomWish } from "../client";
import type { Snapshot } from "../machine";
import { pathInWords, pathOf } from "../path";
import type { AgentState } from "../protocol";
import { noModel } from "../trouble";
import styles from "./avatar.css?inline";
import { CaptionView } from "./caption-view";
import { Card } from "./card";
import { Dock } from "./dock";
import { DrawnStage } from "./drawn-stage";
import { Stage } from "./stage";
import { part, template } from "./template";

const NOTICE_MS = 6_000;
const TOKEN_KEY = "visavis.token";
const DOING: Record<AgentState, string> = { idle: "ready", listening: "listening", thinking: "thinking", speaking: "speaking" };

export class VisavisAvatar extends HTMLElement {
  static readonly observedAttributes = ["avatar", "engine", "token"];

  #client: VisavisClient | null = null;
  #list: Promise<AvatarList> | null = null;
  #people = new Map<string, AvatarInfo>();
  #dock: Dock | null = null;
  #stage: Stage | null = null;
  #drawn: DrawnStage | null = null;
  /** Whom the server has no model of for viewers. */
  readonly #serverOnly = new Set<string>();
  #card: Card | null = null;
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;

  /** The conversation behind the element. There from the moment it is on a page. */
  get client(): VisavisClient {
    if (!this.#client) throw new Error("<visavis-avatar> is not on a page yet");
    return this.#client;
  }

  /** The list of people, once the server has answered. Asked for once, and again after a failure. */
  get avatars(): Promise<AvatarList> {
    this.#list ??= this.client.avatars().then((list) => {
      this.#people = new Map(list.avatars.map((person) => [person.name, person]));
      this.#refresh();
      return list;
    });
    this.#list.catch(() => (this.#list = null));
    return this.#list;
  }

  /** Calls. Must come from a click or a key where sound is to play. */
  start(options: { microphone: boolean }): void {
    this.#start(options.microphone);
  }

  /** Asks the server anew who there is. */
  reload(): Promise<AvatarList> {
    this.#list = null;
    return this.avatars;
  }

  /** The person's name as shown. */
  get personName(): string {
    const name = this.#client?.avatar ?? this.getAttribute("avatar") ?? "";
    return this.#people.get(name)?.title ?? name.charAt(0).toUpperCase() + name.slice(1);
  }

  connectedCallback(): void {
    if (this.#client) return;
    this.#client = new VisavisClient({
      server: this.getAttribute("server") ?? new URL(".", document.baseURI).href,
      avatar: this.getAttribute("avatar"),
      engine: this.getAttribute("engine"),
      token: this.getAttribute("token") ?? sessionStorage.getItem(TOKEN_KEY),
    });
    this.#build(this.attachShadow({ mode: "open" }));
    this.avatars.catch((error: unknown) => {
      if (!(error instanceof TroubleError)) throw error; // trouble is told when the user starts
    });
    addEventListener("pagehide", this.#leave);
  }

  disconnectedCallback(): void {
    removeEventListener("pagehide", this.#leave);
    this.#client?.end();
  }

  attributeChangedCallback(name: string, _old: string | null, value: string | null): void {
    if (!this.#client) return;
    if (name === "avatar" && value && value !== this.#client.avatar) this.#client.setAvatar(value);
    if (name === "engine") this.#client.engine = value;
    if (name === "token") this.#client.token = value;
  }

  /** A line under the picture that goes by itself, or stays until dismissed. */
  notice(title: string, words: string, stays = false): void {
    const box = this.#part(".notice");
    part(box, "strong").textContent = title;
    part(box, "span").textContent = words;
    box.hidden = false;
    clearTimeout(this.#noticeTimer);
    if (!stays) this.#noticeTimer = setTimeout(() => (box.hidden = true), NOTICE_MS);
  }

  async setSpeaker(deviceId: string): Promise<void> {
    await this.#stage?.setSpeaker(deviceId);
  }

  toggleMicrophone(): void {
    this.#dock?.toggleMicrophone();
  }

  focusText(): void {
    this.#dock?.focusText();
  }

  readonly #leave = (): void => this.client.end();

  #part<E extends HTMLElement>(selector: string): E {
    return part<E>(this.shadowRoot ?? this, selector);
  }

  #build(root: ShadowRoot): void {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    root.adoptedStyleSheets = [sheet];
    root.innerHTML = template;
    this.#stage = new Stage({ video: part(root, ".person"), ambience: part(root, ".ambience"), still: part(root, ".still") }, (blocked) => {
      this.#part(".hear").hidden = !blocked;
    });
    const drawn = (this.#drawn = new DrawnStage(part(root, ".drawn"), this.client));
    this.client.readyToDraw = async (avatar) => {
      try {
        await drawn.show(avatar);
      } catch (error) {
        if (error instanceof TroubleError && error.trouble.code === "refused") this.#serverOnly.add(avatar);
        throw error;
      }
    };
    this.#dock = new Dock(root, this.client);
    this.#card = new Card(this.#part(".card"), {
      start: (microphone) => this.#start(microphone),
      retry: () => this.#start(this.client.microphone.track !== null),
      tryNow: () => this.client.tryNow(),
      cancel: () => this.client.end(),
      giveToken: (token) => this.#useToken(token),
    });
    this.#listen(new CaptionView(root));
    this.#part(".hear").addEventListener("click", () => void this.#stage?.play());
    this.#part(".dismiss").addEventListener("click", () => (this.#part(".notice").hidden = true));
    this.#part(".guide").addEventListener("click", () => this.#togglePlug());
    root.addEventListener("keydown", (event) => this.#key(event as KeyboardEvent));
    this.#refresh();
    this.#show(this.client.state);
  }

  #listen(captions: CaptionView): void {
    const { client } = this;
    let before: Snapshot = client.state;
    client.on("phase", (snapshot) => {
      this.#show(snapshot);
      if (snapshot.phase === "away" && before.phase === "live") this.#hold();
      if (snapshot.phase === "live" && before.phase !== "live") {
        this.#drawHere();
        void this.#tellWay();
      }
      if (snapshot.phase === "live" && before.held && before.attempt > 0) this.notice("Back again.", "The call has been resumed.");
      if (snapshot.phase === "live" && before.phase !== "live") this.#dock?.focusText();
      if (snapshot.phase === "ended") captions.clear();
      if (snapshot.phase === "failed" && client.draw === "viewer" && this.#serverOnly.has(client.avatar ?? "")) {
        this.#start(client.microphone.track !== null); // the server draws, and it is said
      }
      before = snapshot;
    });
    client.on("agent", ({ avatar }) => {
      if (client.motion) this.#drawn?.show(avatar).catch((error: unknown) => this.#notDrawn(error));
      this.#refresh();
    });
    client.on("chosen", () => this.#refresh());
    client.on("caption", (line) => captions.show(line, this.personName));
    client.on("stream", (stream) => {
      captions.clear();
      void this.#stage?.show(stream);
    });
    client.on("retry", (atMs) => this.#card?.expectRetry(atMs));
    client.on("refused", ({ message }) => this.notice("", message));
    client.on("microphone", (trouble) => {
      if (trouble) this.notice(`${trouble.title}.`, trouble.mend, true);
      else this.#part(".notice").hidden = true;
      this.#refresh();
    });
  }

  #show(snapshot: Snapshot): void {
    this.#part(".frame").dataset.phase = snapshot.phase;
    if (snapshot.phase === "ended") {
      this.#stage?.clear();
      this.#drawn?.stop();
    }
    this.#card?.show(snapshot, { name: this.personName, secure: isSecureContext });
    this.#refresh();
  }

  #drawHere(): void {
    if (this.client.motion) this.#drawn?.start();
    else this.#drawn?.hide();
  }

  /** In a room, which way it took; in any call, where that is worth knowing. */
  async #tellWay(): Promise<void> {
    const path = pathOf(await this.client.report());
    if (path !== null && (this.client.room || path !== "UDP")) this.notice(this.client.room ? "You are in the room." : "", pathInWords(path));
  }

  #hold(): void {
    const still = this.#part<HTMLCanvasElement>(".still");
    this.#stage?.hold();
    if (this.client.draw === "viewer") this.#drawn?.hold(still);
  }

  #notDrawn(error: unknown): void {
    const { title, mend } = error instanceof TroubleError ? error.trouble : noModel(error);
    this.notice(`${title}.`, mend, true);
  }

  #refresh(): void {
    const { state, agent, languageModel } = this.client;
    const live = state.phase === "live";
    this.#part(".frame").dataset.agent = live ? (agent?.state ?? "idle") : "none";
    this.#showPoster();
    this.#part(".name").textContent = this.personName;
    this.#part(".doing").textContent = live && agent ? DOING[agent.state] : "";
    this.#part(".guide").hidden = languageModel !== false || this.client.room !== null; // who answers in a room is not ours to say
    this.#part(".person").ariaLabel = this.personName ? `${this.personName}, an AI avatar` : "An AI avatar";
    this.#dock?.update(this.personName);
    if (state.phase === "idle" || state.phase === "ended") this.#card?.show(state, { name: this.personName, secure: isSecureContext });
  }

  /** The chosen person's still, where the server has one, until the first frame comes. */
  #showPoster(): void {
    const poster = this.#part<HTMLImageElement>(".poster");
    const picture = this.#people.get(this.client.avatar ?? "")?.picture;
    poster.hidden = picture === undefined;
    if (picture === undefined) return;
    const address = this.client.address(picture);
    if (poster.src !== address) poster.src = address;
  }

  #useToken(token: string): void {
    sessionStorage.setItem(TOKEN_KEY, token);
    this.client.token = token;
    this.avatars.catch(() => undefined); // the call below meets the same refusal, and tells it
    this.#start(this.client.microphone.track !== null);
  }

  /** Calls, with the picture drawn where the attribute `draw` wants it and where that can be. */
  #start(microphone: boolean): void {
    const { client } = this;
    client.room = this.#room();
    const wanted = this.getAttribute("draw") === "viewer" && !client.room;
    const person = this.#people.get(client.avatar ?? "");
    const made = (person?.engines.includes("rig") ?? true) && !this.#serverOnly.has(client.avatar ?? "");
    const here = wanted && DrawnStage.possible && made;
    client.draw = here ? "viewer" : "server";
    if (wanted && !here) {
      const why = DrawnStage.possible ? `${this.personName} is not made for it.` : "This browser has no WebGL 2.";
      this.notice("The server draws.", why);
    }
    void client.start({ microphone });
  }

  /** The LiveKit room of the attributes, if any. */
  #room(): RoomWish | null {
    const [name, url, token] = [this.getAttribute("room"), this.getAttribute("room-url"), this.getAttribute("room-token")];
    if (url && token) return { url, token };
    return name ? { name } : null;
  }

  #togglePlug(): void {
    const plug = this.#part(".plug");
    plug.hidden = !plug.hidden;
    this.#part(".guide").ariaExpanded = String(!plug.hidden);
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (!this.#part(".plug").hidden) this.#togglePlug();
    else this.client.interrupt();
    event.preventDefault();
  }
}

/** A conversation with a visavis server, without any user interface: what the page and the element stand on. */

import { Api, TroubleError, type AvatarList, type RoomPass } from "./api";
import { backoffMs } from "./backoff";
import { firstPicture, type Call, type CallEvents } from "./call";
import type { ClientEvents, TimedEvent } from "./client-events";
import { Captions } from "./captions";
import { Emitter } from "./emitter";
import { HeldCaptions } from "./held-captions";
import { LipSync } from "./lip-sync";
import { initial, step, type Signal, type Snapshot } from "./machine";
import { Microphone } from "./microphone";
import { Monitor, type Live } from "./monitor";
import { Motion } from "./motion";
import { Peer, type Drawing } from "./peer";
import type { ControlMessage, SessionEvent, State, Stats } from "./protocol";
import { broken, iceFailed, lost, noModel, noWebRtc, roomEmpty, unreachable } from "./trouble";
import { pause, within } from "./waiting";
import { decodeEvent, encodeMessage, WireError } from "./wire";

const JOIN_MS = 12_000;
const ROOM_MS = 20_000; // an agent is sent for when somebody joins
const PICTURE_MS = 8_000;
const RESUME_TRIES = 6;
const KEPT_EVENTS = 1_000;

/** A LiveKit room: by its name, with a token from the server, or by address and a token of one's own. */
export type RoomWish = { name: string } | RoomPass;

export interface ClientOptions {
  /** Address of the server, such as http://localhost:8700. */
  server: string;
  avatar?: string | null;
  engine?: string | null;
  token?: string | null;
  /** Who makes the picture of the next call; the server by default. */
  draw?: Drawing;
  /** Call through a LiveKit room instead of straight to the server. */
  room?: RoomWish | null;
}

export class VisavisClient extends Emitter<ClientEvents> {
  readonly microphone = new Microphone();
  readonly captions = new Captions();
  /** The newest events, oldest first; tests measure with it. */
  readonly events: TimedEvent[] = [];
  avatar: string | null;
  engine: string | null;
  draw: Drawing;
  room: RoomWish | null;
  agent: State | null = null;
  serverStats: Stats | null = null;
  live: Live | null = null;
  languageModel: boolean | null = null;
  /** Makes ready to draw a person, where the picture is drawn here; a call is live once that is done. */
  readyToDraw: ((avatar: string) => Promise<void>) | null = null;
  readonly #api: Api;
  #snapshot = initial;
  #peer: Call | null = null;
  #ready: Promise<void> | null = null;
  #session = "";
  #iceServers: RTCIceServer[] = [];
  #call = new AbortController();
  #monitor: Monitor | null = null;
  #lipSync: LipSync | null = null;
  #motion: Motion | null = null;
  readonly #held = new HeldCaptions((event) => this.#take(event));
  #wake: () => void = () => undefined;

  constructor(options: ClientOptions) {
    super();
    this.#api = new Api(options.server, options.token ?? null);
    this.avatar = options.avatar ?? null;
    this.engine = options.engine ?? null;
    this.draw = options.draw ?? "server";
    this.room = options.room ?? null;
  }

  get state(): Snapshot {
    return this.#snapshot;
  }

  get session(): string {
    return this.#session;
  }

  /** The newest figures: as measured here, and as the server tells. */
  get stats(): { viewer: Live | null; server: Stats | null } {
    return { viewer: this.live, server: this.serverStats };
  }

  /** The remote sound and picture of the current call, or null. */
  get stream(): MediaStream | null {
    return this.#peer?.stream ?? null;
  }

  /** Motion to draw from, in calls whose picture is drawn here; null in others. */
  get motion(): Motion | null {
    return this.#motion;
  }

  /** What an avatar is drawn from (`decodeModel` reads it). Throws TroubleError. */
  model(avatar: string): Promise<ArrayBuffer> {
    return this.#api.model(avatar, this.#call.signal);
  }

  /** What the browser measures of the call; empty where none is open. */
  async report(): Promise<Map<string, Record<string, unknown>>> {
    return (await this.#peer?.report()) ?? new Map<string, Record<string, unknown>>();
  }

  /** The whole address of something the server names relative to itself. */
  address(path: string): string {
    return this.#api.address(path);
  }

  get token(): string | null {
    return this.#api.token;
  }

  set token(token: string | null) {
    this.#api.token = token;
  }

  /** Who can be talked to. Throws TroubleError. */
  async avatars(): Promise<AvatarList> {
    const list = await this.#api.avatars();
    this.languageModel = list.language_model;
    this.#iceServers = list.ice_servers ?? [];
    this.avatar ??= list.default;
    return list;
  }

  /** Call. Must come from a click or a key where sound is to play. Resolves once the call is live, or has failed in words. */
  async start(options: { microphone: boolean }): Promise<void> {
    this.#dispatch({ type: "start", withMicrophone: options.microphone });
    if (this.#snapshot.phase === "microphone") {
      if (!this.microphone.track) await this.microphone.open();
      this.emit("microphone", this.microphone.trouble);
      this.#dispatch({ type: "microphone_settled" });
    }
    if (this.#snapshot.phase === "calling") await this.#dial();
  }

  /** Hang up. */
  end(): void {
    this.#hangUp();
    this.microphone.close();
    this.#dispatch({ type: "end" });
  }

  /** Try again at once instead of at the next due time. */
  tryNow(): void {
    this.#wake();
  }

  /** Type to the agent. False where no call is open. */
  chat(text: string): boolean {
    if (!this.send({ type: "chat", text })) return false;
    this.emit("caption", this.captions.type(text));
    return true;
  }

  interrupt(): boolean {
    return this.send({ type: "interrupt" });
  }

  send(message: ControlMessage): boolean {
    return this.#peer?.send(encodeMessage(message)) ?? false;
  }

  /** Another person: at once in a call, else for the next one. */
  setAvatar(name: string): void {
    if (this.send({ type: "avatar", avatar: name })) return; // a state says when they are there
    this.avatar = name;
    this.emit("chosen", name);
  }

  /** Opens a microphone, or changes it, also during a call. Failure comes as the event `microphone`. */
  async openMicrophone(deviceId: string | null = null): Promise<boolean> {
    const track = await this.microphone.open(deviceId);
    if (track) {
      this.microphone.muted = false;
      await this.#peer?.setMicrophone(track);
    }
    this.emit("microphone", this.microphone.trouble);
    return track !== null;
  }

  setMuted(muted: boolean): void {
    this.microphone.muted = muted;
    this.emit("microphone", this.microphone.trouble);
  }

  #dispatch(signal: Signal): void {
    const next = step(this.#snapshot, signal);
    if (next === this.#snapshot) return;
    this.#snapshot = next;
    this.emit("phase", next);
  }

  /** One call from offer to first picture. Every failure ends in a dispatch, none in a throw. */
  async #dial(): Promise<void> {
    this.#hangUp();
    const call = (this.#call = new AbortController());
    try {
      if (!("RTCPeerConnection" in globalThis)) throw new TroubleError(noWebRtc);
      const { events, opened } = this.#expect(call);
      const peer = this.room ? await this.#joinRoom(this.room, events, call.signal) : await this.#callServer(events, call.signal);
      this.#dispatch({ type: "answered" });
      await within(opened, this.room ? ROOM_MS : JOIN_MS, new TroubleError(this.room ? roomEmpty : iceFailed));
      this.captions.newCall();
      this.emit("stream", peer.stream);
      await (this.#motion ? this.#motion.first(PICTURE_MS) : firstPicture(peer, PICTURE_MS, call.signal));
      await this.#ready;
      call.signal.throwIfAborted();
      this.#dispatch({ type: "picture" });
      this.#watch(peer, call);
    } catch (error) {
      if (!call.signal.aborted) this.#dialFailed(error, call);
    }
  }

  async #callServer(events: CallEvents, signal: AbortSignal): Promise<Call> {
    const peer = new Peer({ iceServers: this.#iceServers, microphone: this.microphone.track, draw: this.draw }, events);
    this.#peer = peer;
    if (this.draw === "viewer") this.#motion = new Motion(peer);
    this.#ready = this.#drawable();
    this.#ready.catch(() => undefined); // the call may fail before anyone waits for it
    const offer = await peer.offer();
    const { id, answer } = await this.#api.openSession(offer, { avatar: this.avatar, engine: this.engine, draw: this.draw }, signal);
    if (signal.aborted) this.#api.closeSession(id);
    signal.throwIfAborted();
    this.#session = id;
    await peer.accept(answer);
    return peer;
  }

  async #joinRoom(room: RoomWish, events: CallEvents, signal: AbortSignal): Promise<Call> {
    const [{ RoomCall }, pass] = await Promise.all([import("./room-call"), "url" in room ? room : this.#api.roomPass(room.name, signal)]);
    signal.throwIfAborted();
    const call = new RoomCall(pass, events);
    this.#peer = call;
    this.#ready = null;
    await call.join(this.microphone.track);
    return call;
  }

  async #drawable(): Promise<void> {
    if (!this.#motion || !this.readyToDraw) return;
    try {
      if (this.avatar === null) await this.avatars();
      await this.readyToDraw(this.avatar ?? "");
    } catch (error) {
      throw error instanceof TroubleError ? error : new TroubleError(noModel(error));
    }
  }

  /** What a call tells us, and the promise that it opens. */
  #expect(call: AbortController): { events: CallEvents; opened: Promise<void> } {
    let open = (): void => undefined;
    let refuse: (error: Error) => void = () => undefined;
    const opened = new Promise<void>((resolve, reject) => ([open, refuse] = [resolve, reject]));
    opened.catch(() => undefined); // it may be refused before anyone waits for it
    const events: CallEvents = {
      onMessage: (text) => this.#receive(text),
      onMotion: (frame) => this.#motion?.take(frame, performance.now()),
      onOpen: open,
      onClosed: () => {
        refuse(new TroubleError(iceFailed));
        if (this.#snapshot.phase === "live") void this.#recover(call);
      },
    };
    return { events, opened };
  }

  #dialFailed(error: unknown, call: AbortController): void {
    const trouble = error instanceof TroubleError ? error.trouble : broken(error);
    this.#close();
    const transient = trouble.code === "busy" || trouble.code === "ice" || trouble.code === "no_picture";
    if (trouble.code === "unreachable" || (transient && this.#snapshot.held && this.#snapshot.attempt < RESUME_TRIES)) {
      this.#dispatch({ type: "broke", trouble });
      void this.#poll(call.signal);
    } else {
      this.#dispatch({ type: "failed", trouble });
    }
  }

  #watch(peer: Call, call: AbortController): void {
    if (!this.#motion) this.#lipSync = new LipSync(peer);
    this.#monitor = new Monitor(peer, {
      onLive: (live) => {
        this.live = { ...live, ...this.#motion?.figures() };
        this.emit("live", this.live);
      },
      alive: () => (this.room ? Promise.resolve(true) : this.#api.sessionAlive(this.#session)),
      onDead: () => void this.#recover(call),
    });
  }

  /** The call broke under us: say so, wait for the server, call again. */
  async #recover(call: AbortController): Promise<void> {
    if (call.signal.aborted || this.#snapshot.phase !== "live") return;
    this.#dispatch({ type: "broke", trouble: lost(false) }); // first, so that the last picture can be kept
    this.#close();
    await this.#poll(call.signal);
  }

  async #poll(signal: AbortSignal): Promise<void> {
    for (;;) {
      const waitMs = backoffMs(this.#snapshot.attempt);
      this.emit("retry", performance.now() + waitMs);
      await Promise.race([pause(waitMs), new Promise<void>((resolve) => (this.#wake = resolve))]);
      const healthy = await this.#api.healthy();
      if (signal.aborted) return;
      if (healthy) {
        this.#dispatch({ type: "server_back" });
        return this.#dial();
      }
      this.#dispatch({ type: "still_away", trouble: this.#snapshot.held ? lost(true) : unreachable(this.#api.origin) });
    }
  }

  #receive(text: string): void {
    let event: SessionEvent;
    try {
      event = decodeEvent(text);
    } catch (error) {
      if (error instanceof WireError) return console.warn("visavis: dropped an event:", error.message);
      throw error;
    }
    if (event.type === "transcript" && event.speaker === "agent") {
      this.#held.take(event, this.#lipSync?.soundMs ?? this.#motion?.soundMs ?? 0, performance.now());
    } else {
      this.#take(event);
    }
  }

  #take(event: SessionEvent): void {
    this.events.push({ atMs: performance.now(), event });
    if (this.events.length > KEPT_EVENTS) this.events.shift();
    this.#apply(event);
  }

  #apply(event: SessionEvent): void {
    switch (event.type) {
      case "state":
        this.agent = event;
        this.avatar = event.avatar;
        this.languageModel = event.language_model;
        return this.emit("agent", event);
      case "transcript":
        return this.emit("caption", this.captions.hear(event));
      case "stats":
        this.serverStats = event;
        return;
      case "clock":
        return this.#motion?.clock.tell(event.rtp_zero);
      case "error":
        return this.emit("refused", event);
    }
  }

  /** Lets go of the media. */
  #close(): void {
    this.#monitor?.stop();
    this.#monitor = null;
    this.#held.drop();
    this.#lipSync?.stop();
    this.#lipSync = null;
    this.#motion?.stop();
    this.#motion = null;
    this.#peer?.close();
    this.#peer = null;
    this.live = null;
  }

  #hangUp(): void {
    this.#call.abort();
    this.#close();
    this.#api.closeSession(this.#session);
    this.#session = "";
    this.#wake();
  }
}

/** A browser's call and a server, small enough to steer from a test. */

import { vi } from "vitest";

class Target extends EventTarget {
  fire(type: string, more: object = {}): void {
    this.dispatchEvent(Object.assign(new Event(type), more));
  }
}

export class FakeChannel extends Target {
  readyState: "connecting" | "open" | "closed" = "connecting";
  sent: string[] = [];
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.readyState = "closed";
  }
  open(): void {
    this.readyState = "open";
    this.fire("open");
  }
  say(event: object): void {
    this.fire("message", { data: JSON.stringify(event) });
  }
}

export class FakeConnection extends Target {
  static all: FakeConnection[] = [];
  readonly channel = new FakeChannel();
  readonly sender = { replaceTrack: vi.fn(() => Promise.resolve()) };
  connectionState = "new";
  iceGatheringState = "complete";
  localDescription = { sdp: "v=0 offer" };
  remote: unknown = null;
  framesDecoded = 1;
  bytes = 0;
  /** What happens once the answer is set: by default the path opens. */
  static onAnswer: (connection: FakeConnection) => void = (connection) => connection.channel.open();

  constructor() {
    super();
    FakeConnection.all.push(this);
  }
  static get newest(): FakeConnection {
    return FakeConnection.all.at(-1)!;
  }
  addTransceiver = vi.fn(() => ({ sender: this.sender }));
  /** The channel of motion, where one was asked for. */
  motion: (FakeChannel & { label: string; options: object }) | null = null;
  createDataChannel = (label: string, options: object): FakeChannel => {
    if (label !== "motion") return this.channel;
    return (this.motion = Object.assign(new FakeChannel(), { label, options }));
  };
  setLocalDescription = (): Promise<void> => Promise.resolve();
  setRemoteDescription(description: unknown): Promise<void> {
    this.remote = description;
    FakeConnection.onAnswer(this);
    return Promise.resolve();
  }
  getStats(): Promise<Map<string, object>> {
    return Promise.resolve(new Map([["v", { type: "inbound-rtp", kind: "video", framesDecoded: this.framesDecoded, bytesReceived: (this.bytes += 1) }]]));
  }
  close(): void {
    this.connectionState = "closed";
  }
  fail(): void {
    this.connectionState = "failed";
    this.fire("connectionstatechange");
  }
}

export interface FakeServer {
  up: boolean;
  /** The answer to the next calls; 201 with an SDP where null. */
  refusal: { status: number; code: string; message: string } | null;
  requests: { method: string; path: string; authorization: string | null; body: unknown }[];
}

export function fakeServer(): FakeServer {
  const server: FakeServer = { up: true, refusal: null, requests: [] };
  const json = (body: object, status = 200): Response => new Response(JSON.stringify(body), { status });
  vi.stubGlobal("fetch", (url: URL, init: RequestInit = {}) => {
    const method = init.method ?? "GET";
    const authorization = new Headers(init.headers).get("authorization");
    server.requests.push({ method, path: url.pathname + url.search, authorization, body: init.body });
    if (!server.up) return Promise.reject(new TypeError("fetch failed"));
    if (url.pathname.endsWith("/healthz")) return Promise.resolve(json({ status: "ok" }));
    if (server.refusal && url.pathname.includes("/api/")) return Promise.resolve(json(server.refusal, server.refusal.status));
    if (method === "POST") return Promise.resolve(new Response("v=0 answer", { status: 201, headers: { Location: "/api/sessions/abc" } }));
    if (url.pathname.endsWith("/api/avatars")) return Promise.resolve(json({ avatars: [], default: "nova", language_model: false }));
    return Promise.resolve(json({}));
  });
  return server;
}

export function fakeBrowser(): void {
  FakeConnection.all = [];
  FakeConnection.onAnswer = (connection) => connection.channel.open();
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  vi.stubGlobal("MediaStream", class {
    addTrack = vi.fn();
  });
  vi.stubGlobal("location", { origin: "http://192.0.2.7:8700" });
  vi.stubGlobal("isSecureContext", false);
  vi.stubGlobal("reportError", (error: unknown) => {
    throw error;
  });
}

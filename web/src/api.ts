/** The server's HTTP surface, as far as a viewer needs it. Failures come out as TroubleError, in words. */

import type { Drawing } from "./peer";
import { fromHttp, tooSlow, unreachable, type Trouble } from "./trouble";

export class TroubleError extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble.title);
  }
}

export interface AvatarInfo {
  name: string;
  title: string;
  engines: string[];
  licence: string;
  /** A still to show before the first frame; an address relative to the server's. */
  picture?: string;
}

export interface AvatarList {
  avatars: AvatarInfo[];
  default: string;
  language_model: boolean;
  /** STUN and TURN servers to use, where the server is set up with some. */
  ice_servers?: RTCIceServer[];
}

/** What a LiveKit room is joined with. */
export interface RoomPass {
  url: string;
  token: string;
}

export interface OpenedSession {
  id: string;
  answer: string;
}

const HEALTH_TIMEOUT_MS = 2_500;
const LIST_TIMEOUT_MS = 20_000;
const CALL_TIMEOUT_MS = 60_000; // a person seen for the first time is made while the call waits

export class Api {
  readonly #base: URL;
  token: string | null;

  /** `server` is the address the page is served from, with or without a path; a trailing slash is optional. */
  constructor(server: string, token: string | null = null) {
    this.#base = new URL(server.endsWith("/") ? server : `${server}/`);
    this.token = token;
  }

  get origin(): string {
    return this.#base.origin;
  }

  address(path: string): string {
    return new URL(path, this.#base).href;
  }

  async avatars(): Promise<AvatarList> {
    const response = await this.#fetch("api/avatars", { signal: AbortSignal.timeout(LIST_TIMEOUT_MS) });
    return (await response.json()) as AvatarList;
  }

  /** One offer, one answer, as in WHIP. */
  async openSession(offer: string, choice: { avatar: string | null; engine: string | null; draw: Drawing }, signal: AbortSignal): Promise<OpenedSession> {
    const query = new URLSearchParams({ draw: choice.draw });
    if (choice.avatar) query.set("avatar", choice.avatar);
    if (choice.engine) query.set("engine", choice.engine);
    const response = await this.#fetch(`api/sessions?${query}`, {
      method: "POST",
      body: offer,
      headers: { "Content-Type": "application/sdp" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
    });
    const id = (response.headers.get("Location") ?? "").split("/").at(-1) ?? "";
    return { id, answer: await response.text() };
  }

  /** A pass to a LiveKit room, from this server. */
  async roomPass(room: string, signal: AbortSignal): Promise<RoomPass> {
    const response = await this.#fetch("api/livekit/token", {
      method: "POST", body: JSON.stringify({ room }), headers: { "Content-Type": "application/json" }, signal,
    });
    return (await response.json()) as RoomPass;
  }

  /** What a viewer draws an avatar from; the browser keeps it and asks whether it changed. */
  async model(avatar: string, signal: AbortSignal): Promise<ArrayBuffer> {
    const response = await this.#fetch(`api/avatars/${encodeURIComponent(avatar)}/model`, {
      cache: "no-cache", signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
    });
    return response.arrayBuffer();
  }

  /** Hangs up; outlives the page. The server would notice by itself, later. */
  closeSession(id: string): void {
    if (!id) return;
    void this.#fetch(`api/sessions/${id}`, { method: "DELETE", keepalive: true }).catch(() => undefined);
  }

  async healthy(): Promise<boolean> {
    return (await this.#status("healthz")) === 200;
  }

  /** False where the server is gone or does not know the session any more. */
  async sessionAlive(id: string): Promise<boolean> {
    return (await this.#status(`api/sessions/${id}/stats`)) === 200;
  }

  async #status(path: string): Promise<number> {
    try {
      const response = await fetch(new URL(path, this.#base), {
        headers: this.#authorization(), cache: "no-store", signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
      });
      return response.status;
    } catch {
      return 0;
    }
  }

  #authorization(): Record<string, string> {
    return this.token ? { Authorization: `Bearer ${this.token}` } : {};
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      const headers = { ...this.#authorization(), ...(init.headers as Record<string, string> | undefined) };
      response = await fetch(new URL(path, this.#base), { cache: "no-store", ...init, headers });
    } catch (error) {
      const { name } = error as Error;
      if (name === "AbortError") throw error;
      if (name === "TimeoutError") throw new TroubleError(tooSlow);
      throw new TroubleError(unreachable(this.origin));
    }
    if (!response.ok) throw new TroubleError(fromHttp(response.status, await serverLine(response), this.token !== null));
    return response;
  }
}

/** The one line of an error answer; empty where the answer is not ours (a proxy's page). */
async function serverLine(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { message?: unknown };
    return typeof body.message === "string" ? body.message : "";
  } catch {
    return "";
  }
}

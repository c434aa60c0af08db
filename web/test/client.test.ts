import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VisavisClient } from "../src/client";
import type { Phase } from "../src/machine";
import { FakeConnection, fakeBrowser, fakeServer, type FakeServer } from "./fakes";

let server: FakeServer;
let client: VisavisClient;
let phases: Phase[];

beforeEach(() => {
  vi.useFakeTimers();
  fakeBrowser();
  server = fakeServer();
  client = new VisavisClient({ server: "http://192.0.2.7:8700/faces", avatar: "nova", token: "secret" });
  phases = [];
  client.on("phase", ({ phase }) => phases.push(phase));
});

afterEach(() => {
  client.end();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const live = async (): Promise<FakeConnection> => {
  await client.start({ microphone: false });
  expect(client.state.phase).toBe("live");
  return FakeConnection.newest;
};

describe("a call", () => {
  it("offers sound both ways and a picture one way, as WHIP does, below the server's path and with the token", async () => {
    const connection = await live();
    expect(phases).toEqual(["calling", "joining", "live"]);
    expect(connection.addTransceiver.mock.calls).toEqual([["audio", { direction: "sendrecv" }], ["video", { direction: "recvonly" }]]);
    expect(connection.remote).toEqual({ type: "answer", sdp: "v=0 answer" });
    const post = server.requests.find(({ method }) => method === "POST")!;
    expect(post).toMatchObject({ path: "/faces/api/sessions?draw=server&avatar=nova", authorization: "Bearer secret", body: "v=0 offer" });
    expect(client.session).toBe("abc");
  });

  it("goes on without a microphone where the address is unsafe, and says why", async () => {
    const told: unknown[] = [];
    client.on("microphone", (trouble) => told.push(trouble));
    await client.start({ microphone: true });
    expect(phases).toEqual(["microphone", "calling", "joining", "live"]);
    expect(told).toMatchObject([{ code: "insecure", mend: expect.stringContaining("https://") as string }]);
  });

  it("sends and hears control messages and keeps when they came", async () => {
    const { channel } = await live();
    const captions: string[] = [];
    client.on("caption", ({ text }) => captions.push(text));
    channel.say({ type: "state", state: "speaking", avatar: "milo", generation: 2, language_model: true });
    channel.say({ type: "transcript", speaker: "agent", text: "Good", utterance: 1, final: false });
    vi.spyOn(console, "warn").mockReturnValueOnce();
    channel.say({ type: "nonsense" });
    await vi.advanceTimersByTimeAsync(0);
    expect(client.chat("Hello")).toBe(true);
    expect(client.interrupt()).toBe(true);
    expect(client.agent?.state).toBe("speaking");
    expect(client.avatar).toBe("milo");
    expect(client.languageModel).toBe(true);
    expect(captions).toEqual(["Good", "Hello"]);
    expect(client.events.map(({ event }) => event.type)).toEqual(["state", "transcript"]);
    expect(channel.sent.map((text) => JSON.parse(text) as object)).toEqual([{ type: "chat", text: "Hello" }, { type: "interrupt" }]);
  });

  it("changes the person only when the server says so, and before a call at once", async () => {
    const chosen: string[] = [];
    client.on("chosen", (name) => chosen.push(name));
    client.setAvatar("milo");
    expect([client.avatar, ...chosen]).toEqual(["milo", "milo"]);
    const { channel } = await live();
    expect(server.requests.find(({ method }) => method === "POST")?.path).toContain("avatar=milo");
    client.setAvatar("nova");
    expect(client.avatar).toBe("milo");
    channel.say({ type: "state", state: "idle", avatar: "nova", generation: 1, language_model: false });
    expect(client.avatar).toBe("nova");
  });

  it("hangs up at the server too", async () => {
    const connection = await live();
    client.end();
    expect(connection.connectionState).toBe("closed");
    expect(server.requests.at(-1)).toMatchObject({ method: "DELETE", path: "/faces/api/sessions/abc" });
    expect(client.chat("anyone?")).toBe(false);
  });
});

describe("trouble", () => {
  it.each([
    [503, "busy", "3 of 3 are taken."],
    [401, "wrong_token", "visavis token"],
    [400, "refused", "no audio"],
  ])("status %i is told as %s", async (status, code, words) => {
    server.refusal = { status, code: "any", message: words };
    await client.start({ microphone: false });
    expect(client.state).toMatchObject({ phase: "failed", trouble: { code, mend: expect.stringContaining(words) as string } });
  });

  it("asks for a token where none was given", async () => {
    client.token = null;
    server.refusal = { status: 401, code: "not_allowed", message: "" };
    await client.start({ microphone: false });
    expect(client.state.trouble?.code).toBe("token");
  });

  it("names blocked media, with the doctor, instead of waiting for ever", async () => {
    FakeConnection.onAnswer = () => undefined;
    const call = client.start({ microphone: false });
    await vi.advanceTimersByTimeAsync(13_000);
    await call;
    expect(client.state).toMatchObject({ phase: "failed", trouble: { code: "ice", mend: expect.stringContaining("visavis doctor") as string } });
  });

  it("names a server that takes the call and never answers", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new DOMException("late", "TimeoutError")));
    await client.start({ microphone: false });
    expect(client.state).toMatchObject({ phase: "failed", trouble: { code: "slow" } });
  });

  it("names a call without a picture", async () => {
    FakeConnection.onAnswer = (connection) => {
      connection.framesDecoded = 0;
      connection.channel.open();
    };
    const call = client.start({ microphone: false });
    await vi.advanceTimersByTimeAsync(9_000);
    await call;
    expect(client.state.trouble?.code).toBe("no_picture");
  });

  it("a server that is not there yet is waited for, and called when it comes", async () => {
    server.up = false;
    await client.start({ microphone: false });
    expect(client.state).toMatchObject({ phase: "away", trouble: { code: "unreachable" } });
    await vi.advanceTimersByTimeAsync(5_000);
    server.up = true;
    client.tryNow();
    await vi.advanceTimersByTimeAsync(100);
    expect(client.state.phase).toBe("live");
  });
});

describe("a break", () => {
  it("is survived: the server goes away, comes back, and is called again by itself", async () => {
    const connection = await live();
    server.up = false;
    connection.channel.fire("close");
    await vi.advanceTimersByTimeAsync(3_000);
    expect(client.state).toMatchObject({ phase: "away", held: true, trouble: { code: "lost" } });
    expect(client.state.trouble?.title).toContain("away");
    server.up = true;
    await vi.advanceTimersByTimeAsync(9_000);
    expect(client.state).toEqual({ phase: "live", trouble: null, attempt: 0, held: true });
    expect(FakeConnection.all).toHaveLength(2);
  });

  it("is noticed when media stop and the server no longer knows the session", async () => {
    const connection = await live();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(client.state.phase).toBe("live");
    Object.defineProperty(connection, "bytes", { get: () => 0, set: () => undefined });
    server.refusal = { status: 404, code: "not_found", message: "" };
    await vi.advanceTimersByTimeAsync(5_000);
    expect(phases).toContain("away");
  });

  it("a user who hangs up while waiting is not called again", async () => {
    const connection = await live();
    server.up = false;
    connection.fail();
    await vi.advanceTimersByTimeAsync(1_000);
    client.end();
    server.up = true;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(client.state.phase).toBe("ended");
    expect(FakeConnection.all).toHaveLength(1);
  });
});

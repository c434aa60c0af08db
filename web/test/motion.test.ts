import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VisavisClient } from "../src/client";
import { FakeConnection, fakeBrowser, fakeServer, type FakeServer } from "./fakes";
import { readFileSync } from "node:fs";

let server: FakeServer;
let client: VisavisClient;
const golden = readFileSync(new URL("../../tests/golden/protocol/motion.bin", import.meta.url));
const motion = golden.buffer.slice(golden.byteOffset, golden.byteOffset + golden.length);

beforeEach(() => {
  vi.useFakeTimers();
  fakeBrowser();
  server = fakeServer();
  client = new VisavisClient({ server: "http://192.0.2.7:8700/", avatar: "nova", draw: "viewer" });
});

afterEach(() => {
  client.end();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const moving = (connection: FakeConnection): void => {
  connection.channel.open();
  setTimeout(() => connection.motion?.fire("message", { data: motion }), 10);
};

describe("a call whose picture is drawn here", () => {
  it("asks for motion instead of video, and is live once there is something to draw and who can draw it", async () => {
    FakeConnection.onAnswer = moving;
    const asked: string[] = [];
    client.readyToDraw = (avatar) => Promise.resolve(void asked.push(avatar));
    const call = client.start({ microphone: false });
    await vi.advanceTimersByTimeAsync(100);
    await call;
    expect(client.state.phase).toBe("live");
    expect(asked).toEqual(["nova"]);
    const connection = FakeConnection.newest;
    expect(connection.addTransceiver.mock.calls).toEqual([["audio", { direction: "sendrecv" }]]);
    expect(connection.motion).toMatchObject({ label: "motion", options: { ordered: false, maxRetransmits: 0 } });
    expect(server.requests.find(({ method }) => method === "POST")?.path).toContain("draw=viewer");
    expect(client.motion?.face(performance.now())?.generation).toBe(70_001);
    vi.spyOn(console, "warn").mockReturnValueOnce();
    connection.motion?.fire("message", { data: motion.slice(1) });
    expect(client.motion?.face(performance.now())?.generation).toBe(70_001);
  });

  it("says so where no motion comes, and where the person cannot be drawn", async () => {
    const call = client.start({ microphone: false });
    await vi.advanceTimersByTimeAsync(9_000);
    await call;
    expect(client.state).toMatchObject({ phase: "failed", trouble: { code: "no_picture", title: expect.stringContaining("nothing to draw") as string } });
    FakeConnection.onAnswer = moving;
    client.readyToDraw = () => Promise.reject(new Error("the head is cut off"));
    const again = client.start({ microphone: false });
    await vi.advanceTimersByTimeAsync(100);
    await again;
    expect(client.state.trouble?.mend).toContain("the head is cut off");
  });
});

import { expect, it } from "vitest";
import { pathInWords, pathOf } from "../src/path";

const report = (local: object): Map<string, Record<string, unknown>> =>
  new Map<string, Record<string, unknown>>([
    ["T", { type: "transport", selectedCandidatePairId: "P" }],
    ["P", { type: "candidate-pair", localCandidateId: "L" }],
    ["L", { type: "local-candidate", ...local }],
  ]);

it.each([
  [{ candidateType: "host", protocol: "udp" }, "UDP"],
  [{ candidateType: "host", protocol: "tcp" }, "ICE/TCP"],
  [{ candidateType: "relay", protocol: "udp", relayProtocol: "tls" }, "TURN/TLS"],
  [{ candidateType: "relay", protocol: "udp", relayProtocol: "udp" }, "TURN/UDP"],
])("the way through the network: %o is %s", (local, path) => {
  expect(pathOf(report(local))).toBe(path);
  expect(pathInWords(path)).not.toBe("");
});

it("is not known before one is chosen", () => {
  expect(pathOf(new Map())).toBeNull();
  expect(pathInWords(null)).toBe("");
});

it("is the nominated pair where the transport does not say", () => {
  const rows = report({ candidateType: "host", protocol: "tcp" });
  rows.delete("T");
  rows.set("P", { type: "candidate-pair", localCandidateId: "L", nominated: true, state: "succeeded" });
  expect(pathOf(rows)).toBe("ICE/TCP");
});

/** Which way sound and picture took through the network, told from a call's report. */


/** As "UDP", "ICE/TCP" or "TURN/TLS"; null before a way is chosen. */
export function pathOf(report: ReadonlyMap<string, Record<string, unknown>>): string | null {
  const rows = [...report.values()];
  const chosen = rows.find(({ type, selectedCandidatePairId }) => type === "transport" && typeof selectedCandidatePairId === "string");
  const pair =
    report.get(String(chosen?.selectedCandidatePairId)) ??
    rows.find(({ type, nominated, state }) => type === "candidate-pair" && nominated === true && state === "succeeded");
  const local = report.get(String(pair?.localCandidateId));
  if (!local) return null;
  const { relayProtocol } = local;
  if (local.candidateType === "relay") return `TURN/${typeof relayProtocol === "string" ? relayProtocol.toUpperCase() : "UDP"}`;
  return local.protocol === "tcp" ? "ICE/TCP" : "UDP";
}

/** The same for people. */
export function pathInWords(path: string | null): string {
  switch (path) {
    case null: return "";
    case "UDP": return "Connected straight over UDP.";
    case "ICE/TCP": return "UDP is blocked here: connected over ICE/TCP, which may stutter on a poor line.";
    case "TURN/TLS": return "UDP is blocked here: connected through a relay over TURN/TLS, which may stutter on a poor line.";
    default: return `Connected through a relay over ${path}.`;
  }
}

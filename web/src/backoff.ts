/** How long to wait before try number `attempt` (from 0), in ms: doubling from half a second, never more than eight. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const steady = Math.min(500 * 2 ** Math.max(0, attempt), 8_000);
  return Math.round(steady * (0.85 + 0.3 * random()));
}

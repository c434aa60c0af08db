/** What `POST /api/livekit/token` answers: where the room is, and the right to enter it. */
export interface RoomPass {
  url: string;
  token: string;
  room: string;
  identity: string;
}

/** A pass into `room`. Rejects with the server's own one-line reason. */
export async function roomPass(room: string): Promise<RoomPass> {
  const answer = await fetch("/api/livekit/token", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ room }),
  });
  if (!answer.ok) {
    const said = (await answer.json().catch(() => null)) as { detail?: unknown; message?: unknown } | null;
    throw new Error(String(said?.message ?? said?.detail ?? `No pass into the room (${answer.status}).`));
  }
  return (await answer.json()) as RoomPass;
}

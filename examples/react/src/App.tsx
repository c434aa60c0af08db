import { LiveKitRoom } from "@livekit/components-react";
import { useState } from "react";
import { Conversation } from "./Conversation";
import { type RoomPass, roomPass } from "./room";

/** One button; then a room of one's own with the agent in it. */
export function App() {
  const [pass, setPass] = useState<RoomPass | null>(null);
  const [trouble, setTrouble] = useState("");

  async function enter(): Promise<void> {
    setTrouble("");
    try {
      setPass(await roomPass(`talk-${crypto.randomUUID().slice(0, 8)}`));
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error));
    }
  }

  if (!pass) {
    return (
      <main className="door">
        <h1>Talk face to face</h1>
        <button type="button" className="lk-button" onClick={() => void enter()}>
          Start
        </button>
        <p role="alert">{trouble}</p>
      </main>
    );
  }
  return (
    <LiveKitRoom
      serverUrl={pass.url}
      token={pass.token}
      audio
      video={false}
      data-lk-theme="default"
      className="room"
      onDisconnected={() => setPass(null)}
      onError={(error) => setTrouble(error.message)}
    >
      <Conversation />
    </LiveKitRoom>
  );
}

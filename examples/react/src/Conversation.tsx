import {
  DisconnectButton,
  RoomAudioRenderer,
  StartAudio,
  TrackToggle,
  VideoTrack,
  useDataChannel,
  useVoiceAssistant,
} from "@livekit/components-react";
import { Track } from "livekit-client";
import { type FormEvent, useState } from "react";

/** The same messages as over every other transport: docs/control.md. */
const CONTROL_TOPIC = "visavis.control";

/** LiveKit's hook finds the face by itself: it publishes on behalf of the agent. */
export function Conversation() {
  const { state, videoTrack, agentTranscriptions } = useVoiceAssistant();
  const { send } = useDataChannel(CONTROL_TOPIC);
  const [text, setText] = useState("");

  function tell(message: object): void {
    void send(new TextEncoder().encode(JSON.stringify(message)), { reliable: true });
  }

  function chat(event: FormEvent): void {
    event.preventDefault();
    if (text.trim()) tell({ type: "chat", text });
    setText("");
  }

  return (
    <main className="conversation">
      <div className="face">
        {videoTrack ? <VideoTrack trackRef={videoTrack} /> : <p>The face is coming …</p>}
      </div>
      <p className="caption" aria-live="polite">
        {agentTranscriptions.at(-1)?.text}
      </p>
      <form onSubmit={chat}>
        <input aria-label="Say something" placeholder="Say something, or speak" value={text} onChange={(event) => setText(event.target.value)} />
        <button type="button" className="lk-button" onClick={() => tell({ type: "interrupt" })}>
          Stop
        </button>
      </form>
      <div className="controls">
        <span className="state">{state}</span>
        <TrackToggle source={Track.Source.Microphone}>Microphone</TrackToggle>
        <StartAudio label="Let it be heard" />
        <DisconnectButton>End</DisconnectButton>
      </div>
      <RoomAudioRenderer />
    </main>
  );
}

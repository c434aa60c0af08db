/** A call through a LiveKit room: the avatar is one participant of it, and the agent behind it another. Loaded when first needed. */

import { ConnectionError, DisconnectReason, ParticipantKind, Room, RoomEvent, Track, type Participant, type RemoteParticipant, type RemoteTrack, type TextStreamReader } from "livekit-client";
import { TroubleError, type RoomPass } from "./api";
import { setDelay, type Call, type CallEvents } from "./call";
import { LIVEKIT_TOPIC, type AgentState, type State, type Transcript } from "./protocol";
import { roomRefused, roomUnreachable } from "./trouble";

const TRANSCRIPTION_TOPIC = "lk.transcription";
const CHAT_TOPIC = "lk.chat";
const ON_BEHALF = "lk.publish_on_behalf";
const AGENT_STATE = "lk.agent.state";
const STATES: Record<string, AgentState> = { initializing: "thinking", idle: "idle", listening: "listening", thinking: "thinking", speaking: "speaking" };

export class RoomCall implements Call {
  readonly stream = new MediaStream();
  readonly #room = new Room({ adaptiveStream: false, dynacast: false });
  readonly #tracks = new Map<Track.Kind, RemoteTrack>();
  readonly #segments = new Map<string, number>();
  #speaksForItself = false;
  #avatar = "";
  #closed = false;
  #open = false;

  constructor(private readonly pass: RoomPass, private readonly events: CallEvents) {
    this.#listen();
  }

  /** Joins, and sends the microphone where there is one. Throws TroubleError. */
  async join(microphone: MediaStreamTrack | null): Promise<void> {
    try {
      await this.#room.connect(this.pass.url, this.pass.token);
    } catch (error) {
      const refused = error instanceof ConnectionError && (error.status === 401 || error.status === 403);
      throw new TroubleError(refused ? roomRefused : roomUnreachable(this.pass.url, error));
    }
    for (const participant of this.#room.remoteParticipants.values()) this.#heed(participant);
    await this.setMicrophone(microphone);
  }

  async setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    const { localParticipant } = this.#room;
    const before = localParticipant.getTrackPublication(Track.Source.Microphone)?.track;
    if (before) await localParticipant.unpublishTrack(before.mediaStreamTrack, false);
    if (track) await localParticipant.publishTrack(track, { source: Track.Source.Microphone });
  }

  send(text: string): boolean {
    if (!this.#open) return false;
    const { localParticipant } = this.#room;
    const message = JSON.parse(text) as { type: string; text?: string };
    // What is typed is for the agent, who answers through the avatar; all else is for the avatar.
    const sent =
      message.type === "chat"
        ? localParticipant.sendText(message.text ?? "", { topic: CHAT_TOPIC })
        : localParticipant.publishData(new TextEncoder().encode(text), { reliable: true, topic: LIVEKIT_TOPIC, destinationIdentities: [this.#avatar] });
    sent.catch((error: unknown) => console.warn("visavis: not sent:", error));
    return true;
  }

  async report(): Promise<Map<string, Record<string, unknown>>> {
    const receivers = [...this.#tracks.values()].flatMap(({ receiver }) => (receiver ? [receiver] : []));
    const reports = await Promise.all(receivers.map((receiver) => receiver.getStats()));
    return new Map(reports.flatMap((report) => [...(report as unknown as Map<string, Record<string, unknown>>)]));
  }

  heard(): { rtpTimestamp: number; timestamp: number } | null {
    return this.#tracks.get(Track.Kind.Audio)?.receiver?.getSynchronizationSources()[0] ?? null;
  }

  setPictureDelay(ms: number): void {
    const receiver = this.#tracks.get(Track.Kind.Video)?.receiver;
    if (receiver) setDelay(receiver, ms);
  }

  close(): void {
    this.#closed = true;
    void this.#room.disconnect();
  }

  #listen(): void {
    this.#room
      .on(RoomEvent.TrackSubscribed, (track, _publication, participant) => this.#take(track, participant))
      .on(RoomEvent.TrackUnsubscribed, (track) => this.#drop(track))
      .on(RoomEvent.ParticipantConnected, (participant) => this.#heed(participant))
      .on(RoomEvent.ParticipantAttributesChanged, (_changed, participant) => this.#heed(participant))
      .on(RoomEvent.DataReceived, (data, participant, _kind, topic) => {
        if (topic === LIVEKIT_TOPIC && participant?.identity === this.#avatar) this.#hear(new TextDecoder().decode(data));
      })
      .on(RoomEvent.Disconnected, (reason) => {
        if (this.#closed) return;
        this.#closed = true;
        this.events.onClosed(reason === DisconnectReason.JOIN_FAILURE ? "ice" : "closed");
      });
    this.#room.registerTextStreamHandler(TRANSCRIPTION_TOPIC, (reader, { identity }) => void this.#caption(reader, identity));
  }

  /** Sound and picture of the avatar: who publishes on behalf of an agent, else the first agent who shows a picture. */
  #take(track: RemoteTrack, participant: RemoteParticipant): void {
    const stands = ON_BEHALF in participant.attributes || (participant.kind === ParticipantKind.AGENT && track.kind === Track.Kind.Video);
    if (this.#avatar === "" && stands) this.#avatar = participant.identity;
    if (participant.identity !== this.#avatar) return;
    for (const publication of participant.trackPublications.values()) {
      const theirs = publication.track;
      if (!theirs || this.#tracks.get(theirs.kind) === theirs) continue;
      if (theirs.receiver) setDelay(theirs.receiver, 0);
      this.#tracks.set(theirs.kind, theirs);
      this.stream.addTrack(theirs.mediaStreamTrack);
    }
    if (!this.#tracks.has(Track.Kind.Video) || this.#open) return;
    this.#open = true;
    this.events.onOpen();
  }

  #drop(track: RemoteTrack): void {
    if (this.#tracks.get(track.kind) !== track) return;
    this.#tracks.delete(track.kind);
    this.stream.removeTrack(track.mediaStreamTrack);
    if (track.kind === Track.Kind.Video) this.#avatar = ""; // another may take over
  }

  #hear(text: string): void {
    if (text.includes('"transcript"')) this.#speaksForItself = true;
    this.events.onMessage(text);
  }

  /** What the agent does, from its attributes: avatars of other makes send no events of ours. */
  #heed({ attributes, name, identity }: Participant): void {
    const told = attributes[AGENT_STATE];
    const state = told === undefined ? undefined : STATES[told];
    if (!state) return;
    const event: State = { type: "state", state, avatar: name ?? identity, generation: 0, language_model: true };
    this.events.onMessage(JSON.stringify(event));
  }

  /** A segment of the agent's or the user's words as it grows, unless the avatar tells its own, which are nearer to the sound. */
  async #caption(reader: TextStreamReader, identity: string): Promise<void> {
    const segment = reader.info.attributes?.["lk.segment_id"] ?? reader.info.id;
    const utterance = this.#segments.get(segment) ?? this.#segments.size + 1;
    this.#segments.set(segment, utterance);
    const speaker = identity === this.#room.localParticipant.identity ? "user" : "agent";
    const tell = (text: string, final: boolean): void => {
      const event: Transcript = { type: "transcript", speaker, text, utterance, final };
      if (text && !(speaker === "agent" && this.#speaksForItself)) this.events.onMessage(JSON.stringify(event));
    };
    let text = "";
    for await (const piece of reader) tell((text += piece), false);
    tell(text, reader.info.attributes?.["lk.transcription_final"] !== "false");
  }
}

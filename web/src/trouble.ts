/** Everything that can go wrong between a viewer and the server, in words: what happened, and how to mend it. */

export type TroubleCode =
  | "unreachable" | "slow" | "busy" | "token" | "wrong_token" | "ice" | "refused" | "lost" | "no_webrtc" | "no_picture";

export interface Trouble {
  code: TroubleCode;
  title: string;
  mend: string;
}

export type MicrophoneTroubleCode = "insecure" | "denied" | "missing" | "in_use" | "unknown";

export interface MicrophoneTrouble {
  code: MicrophoneTroubleCode;
  title: string;
  mend: string;
}

export function unreachable(server: string): Trouble {
  return {
    code: "unreachable",
    title: "The server does not answer",
    mend: `Nothing replies at ${server}. Start it with “visavis talk”, or check the address and the network.`,
  };
}

export const tooSlow: Trouble = {
  code: "slow",
  title: "The server takes too long",
  mend: "It took the call and gave no answer within a minute; it may be busy making the person. Try again, and look at its output.",
};

export const iceFailed: Trouble = {
  code: "ice",
  title: "No path for sound and picture",
  mend:
    "The server answers, but the media cannot get through; usually a firewall or VPN blocks UDP. " +
    "Run “visavis doctor” on the server: it names the blocked step. Across networks, give the server a TURN address.",
};

export const noPicture: Trouble = {
  code: "no_picture",
  title: "Connected, but no picture arrives",
  mend: "The server took the call and sends nothing to see. Try again; if it stays so, look at the server's output.",
};

export const noMotion: Trouble = {
  code: "no_picture",
  title: "Connected, but nothing to draw arrives",
  mend: "The server took the call and sends no motion. Try again; if it stays so, let the server draw (draw=\"server\").",
};

export function noModel(error: unknown): Trouble {
  return {
    code: "no_picture",
    title: "This person cannot be drawn here",
    mend: `The model could not be used: ${error instanceof Error ? error.message : String(error)}. Let the server draw (draw="server").`,
  };
}

export const roomRefused: Trouble = {
  code: "refused",
  title: "The room does not take this pass",
  mend: "Its token is wrong or has run out. Ask for a new one, or let this server give it (leave address and token empty).",
};

export function roomUnreachable(url: string, error: unknown): Trouble {
  return {
    code: "refused",
    title: "The room does not answer",
    mend: `No LiveKit server took the call at ${url} (${error instanceof Error ? error.message : String(error)}). Check its address, and that it runs.`,
  };
}

export const roomEmpty: Trouble = {
  code: "no_picture",
  title: "Nobody shows a face in this room",
  mend: "You are in the room, but no avatar is. Start the agent (or “visavis worker”) for it, and try again.",
};

export const noWebRtc: Trouble = {
  code: "no_webrtc",
  title: "This browser cannot make calls",
  mend: "WebRTC is missing or switched off here. Use a current Chrome, Edge, Firefox or Safari.",
};

export function lost(restarting: boolean): Trouble {
  return restarting
    ? { code: "lost", title: "The server is away", mend: "Waiting for it to come back; the call resumes by itself." }
    : { code: "lost", title: "The connection broke", mend: "Calling again…" };
}

/** What no one foresaw: the browser refused the answer, say. The technical line is all there is to go by. */
export function broken(error: unknown): Trouble {
  return { code: "refused", title: "The call could not be made", mend: error instanceof Error ? error.message : String(error) };
}

/** What an HTTP answer of 4xx or 5xx means. `message` is the server's own line, which already holds its mend. */
export function fromHttp(status: number, message: string, tokenWasSent: boolean): Trouble {
  if (status === 401 || status === 403) {
    return tokenWasSent
      ? { code: "wrong_token", title: "That token is not right", mend: "Print the right one with “visavis token” on the server." }
      : { code: "token", title: "This server asks for a token", mend: "Print it with “visavis token” on the server, and paste it here." };
  }
  if (status === 503) {
    return { code: "busy", title: "No free place right now", mend: message || "The server holds as many conversations as it can." };
  }
  return { code: "refused", title: "The server refused the call", mend: message || `It answered with status ${status}.` };
}

export function microphoneTrouble(code: MicrophoneTroubleCode, origin: string): MicrophoneTrouble {
  switch (code) {
    case "insecure":
      return {
        code,
        title: "No microphone on an unsafe address",
        mend: `Browsers lend it only to https:// and localhost, not to ${origin}. Open the page on the server's own machine, ` +
          "tunnel the port (ssh -L 8700:localhost:8700), or put HTTPS in front. Typing works now.",
      };
    case "denied":
      return {
        code,
        title: "The microphone is blocked",
        mend: "Allow it in the site settings beside the address, then press the microphone button. Typing works now.",
      };
    case "missing":
      return { code, title: "No microphone found", mend: "Plug one in and press the microphone button. Typing works now." };
    case "in_use":
      return { code, title: "The microphone is taken", mend: "Another program holds it; close that and press the microphone button. Typing works now." };
    case "unknown":
      return { code, title: "The microphone did not open", mend: "Choose another one in the settings. Typing works now." };
  }
}

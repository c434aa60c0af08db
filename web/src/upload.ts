/** A file on its way to becoming an avatar: `POST /api/avatars` with progress. */

import { TroubleError } from "./api";
import { fromHttp, unreachable } from "./trouble";

export interface Made {
  name: string;
  title: string;
  engines: string[];
  /** What is worth telling about the result. */
  remarks: string[];
}

export interface Wish {
  file: File;
  name?: string;
  origin?: string;
  statement?: string;
  consent?: string;
}

export interface UploadTo {
  address: string;
  token: string | null;
  signal: AbortSignal;
  /** How much of the file has gone, 0 to 1; at 1 the server is at work. */
  onProgress: (share: number) => void;
}

/** Resolves with what the server made. Throws TroubleError in words, or AbortError. (fetch cannot tell how far an upload is.) */
export function upload(wish: Wish, { address, token, signal, onProgress }: UploadTo): Promise<Made> {
  const url = new URL(address);
  const { file, ...said } = wish;
  url.search = new URLSearchParams({ filename: file.name, ...said }).toString();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    if (token) request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0));
    request.upload.addEventListener("load", () => onProgress(1));
    request.addEventListener("load", () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText) as Made);
      else reject(refusal(request, token !== null));
    });
    request.addEventListener("error", () => reject(new TroubleError(unreachable(url.origin))));
    request.addEventListener("abort", () => reject(new DOMException("The upload was stopped.", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

function refusal({ status, responseText }: XMLHttpRequest, tokenWasSent: boolean): TroubleError {
  let line = "";
  try {
    const { message } = JSON.parse(responseText) as { message?: unknown };
    if (typeof message === "string") line = message;
  } catch {
    // not ours: a proxy's page
  }
  const trouble = fromHttp(status, line, tokenWasSent);
  const ours = trouble.code === "refused" || trouble.code === "busy"; // the server's own line says what it is
  return new TroubleError(ours ? { ...trouble, title: "The avatar was not made" } : trouble);
}

/** What other people's pages load: the element, registered, and the client for those who draw their own. */

import { VisavisAvatar } from "./element/avatar-element";

if (!customElements.get("visavis-avatar")) customElements.define("visavis-avatar", VisavisAvatar);

export { VisavisAvatar };
export { VisavisClient, type ClientOptions } from "./client";
export type { ClientEvents } from "./client-events";
export type { Line } from "./captions";
export type { Phase, Snapshot } from "./machine";
export type * from "./protocol";
export { decodeMotion, type MotionFrame } from "./wire";

/** What draws a person from motion frames, loaded when first asked for. */
export const drawing = (): Promise<typeof import("./draw")> => import("./draw");

declare global {
  interface HTMLElementTagNameMap {
    "visavis-avatar": VisavisAvatar;
  }
}

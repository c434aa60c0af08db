/** What is loaded only where the viewer draws: three.js and the person's model. */

export { FaceView, type Box } from "./face-view";
export { decodeModel, ModelError, type Model } from "./model";

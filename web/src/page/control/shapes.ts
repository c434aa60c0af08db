/** The 52 ARKit shapes as people look for them: by part of the face, in plain words. */

import { SHAPES } from "../../protocol";

export type Shape = (typeof SHAPES)[number];

const PARTS: [title: string, prefixes: string[]][] = [
  ["Eyes", ["eye"]],
  ["Brows", ["brow"]],
  ["Cheeks and nose", ["cheek", "nose"]],
  ["Jaw", ["jaw"]],
  ["Mouth", ["mouth"]],
  ["Tongue", ["tongue"]],
];

export const groups: [title: string, shapes: Shape[]][] = PARTS.map(([title, prefixes]) => [
  title, SHAPES.filter((shape) => prefixes.some((prefix) => shape.startsWith(prefix))),
]);

/** "mouthSmileLeft" as "Smile, left". */
export function spoken(shape: Shape): string {
  const words = shape.replace(/^(eye|brow|cheek|nose|jaw|mouth|tongue)/, "").replace(/([A-Z])/g, " $1").trim().toLowerCase().split(" ");
  const side = words.length > 1 && (words.at(-1) === "left" || words.at(-1) === "right") ? words.pop() : undefined;
  const name = words.join(" ");
  const whole = name.charAt(0).toUpperCase() + name.slice(1);
  return side ? `${whole}, ${side}` : whole;
}

import { describe, expect, it } from "vitest";
import { nameFrom } from "../src/page/create";
import { groups, spoken } from "../src/page/control/shapes";
import { SHAPES } from "../src/protocol";

describe("the shapes as people look for them", () => {
  it("are all there, once", () => {
    expect(groups.flatMap(([, shapes]) => shapes).toSorted()).toEqual([...SHAPES].toSorted());
  });

  it("are named in words, each differently within its part", () => {
    expect(spoken("mouthSmileLeft")).toBe("Smile, left");
    expect(spoken("browInnerUp")).toBe("Inner up");
    expect(spoken("jawLeft")).toBe("Left");
    expect(spoken("tongueOut")).toBe("Out");
    for (const [title, shapes] of groups) expect(new Set(shapes.map(spoken)).size, title).toBe(shapes.length);
  });
});

it.each([["Ada Lovelace.jpg", "ada-lovelace"], ["Zoë_2 (final).v3.glb", "zoe-2-final-v3"], ["...png", ""], ["x".repeat(99), "x".repeat(64)]])("%s makes the name %s", (file, name) => {
  expect(nameFrom(file)).toBe(name);
});

import { assert, assertEquals } from "@std/assert";
import { CLASS_STYLES, type ClassStyle, parseColour } from "../lib/class_style.ts";
import { relativeLuminance } from "../lib/photo.ts";
import { CLASSES } from "../lib/types.ts";

Deno.test("CLASS_STYLES has each class, unlike the others in colour, line, sign and words", () => {
  const styles = Object.values(CLASS_STYLES);
  assertEquals(Object.keys(CLASS_STYLES).sort(), [...CLASSES["three-class"]].sort());
  for (
    const field of ["words", "short", "sign", "colour", "dashes"] satisfies (keyof ClassStyle)[]
  ) {
    assertEquals(new Set(styles.map((style) => String(style[field]))).size, styles.length, field);
  }
});

Deno.test("CLASS_STYLES has ink of WCAG's contrast for small text", () => {
  for (const { words, colour, ink } of Object.values(CLASS_STYLES)) {
    const [dark, light] = [colour, ink].map((it) => relativeLuminance(parseColour(it))).sort() as [
      number,
      number,
    ];
    assert((light + 0.05) / (dark + 0.05) >= 4.5, words);
  }
});

Deno.test("parseColour() reads red, green and blue", () => {
  assertEquals(parseColour("#01A0ff"), [1, 160, 255]);
});

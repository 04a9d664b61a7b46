/** Writes the SVG elements of a drawn face, as text. */

/** Formats path data and transforms, as a template tag: numbers get two decimals. */
export function trace(parts: TemplateStringsArray, ...values: (string | number)[]): string {
  return String.raw({ raw: parts }, ...values.map(shorten));
}

function shorten(value: string | number): string {
  return typeof value === "number" ? String(Math.round(value * 100) / 100) : value;
}

function element(name: string, attributes: Record<string, string | number>, content = ""): string {
  const texts = Object.entries(attributes).map(([key, value]) => ` ${key}="${shorten(value)}"`);
  return `<${name}${texts.join("")}>${content}</${name}>`;
}

/** Writes a filled path. A `fill` is a colour or `url(#id)`. */
export function area(d: string, fill: string, opacity = 1): string {
  return element("path", { d, fill, "fill-rule": "evenodd", "fill-opacity": opacity });
}

/** Writes a stroked path of this width. */
export function line(d: string, stroke: string, width = 1): string {
  const pen = { stroke, "stroke-width": width, "stroke-linecap": "round" };
  return element("path", { d, fill: "none", ...pen });
}

/** Writes a circle around `centre`, given as `"x y"`. */
export function circle(centre: string, r: number, fill: string, opacity = 1): string {
  return element("circle", { transform: `translate(${centre})`, r, fill, "fill-opacity": opacity });
}

export function ellipse(cx: number, cy: number, rx: number, ry: number, fill: string): string {
  return element("ellipse", { cx, cy, rx, ry, fill });
}

export function rectangle(
  x: number,
  y: number,
  width: number,
  height: number,
  fill: string,
  opacity = 1,
): string {
  return element("rect", { x, y, width, height, fill, "fill-opacity": opacity });
}

export function group(transform: string, ...content: string[]): string {
  return element("g", { transform }, content.join(""));
}

type Stop = readonly [offset: number, colour: string, opacity?: number];

/** A gradient to name in a `fill`; the line from `x1, y1` to `x2, y2` is in shares of the shape. */
export function linearGradient(
  id: string,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  ...stops: readonly Stop[]
): string {
  return element("linearGradient", { id, x1, y1, x2, y2 }, stops.map(stopElement).join(""));
}

/** A gradient from about the middle (across, at the share `cx`) outwards, to name in a `fill`. */
export function radialGradient(id: string, cx: number, ...stops: readonly Stop[]): string {
  return element("radialGradient", { id, cx, cy: 0.45, r: 0.6 }, stops.map(stopElement).join(""));
}

function stopElement([offset, colour, opacity = 1]: Stop): string {
  return element("stop", { offset, "stop-color": colour, "stop-opacity": opacity });
}

/** A square tile, repeated, to name in a `fill`. */
export function pattern(id: string, size: number, degrees: number, ...content: string[]): string {
  const tile = { id, width: size, height: size, patternUnits: "userSpaceOnUse" };
  const patternTransform = trace`rotate(${degrees})`;
  return element("pattern", { ...tile, patternTransform }, content.join(""));
}

/** Writes a complete picture of this size, with its centre at 0 0. */
export function picture(width: number, height: number, ...content: string[]): string {
  const viewBox = trace`${-width / 2} ${-height / 2} ${width} ${height}`;
  const xmlns = "http://www.w3.org/2000/svg";
  return element("svg", { xmlns, width, height, viewBox }, content.join(""));
}

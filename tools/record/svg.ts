import type { Line, Moment } from "./terminal.ts";

const [charWidth, lineHeight, padding, fontSize] = [8.1, 19, 16, 13.5];
/** A pause of the recording, at most. */
const maxPause = 0.9;
/** A change of a line that is over sooner is left out. */
const minShown = 0.12;
const colours: Readonly<Record<number, string>> = {
  31: "#f47067",
  32: "#8ddb8c",
  33: "#f69d50",
  34: "#6cb6ff",
  36: "#76e3ea",
};

/** A line of the screen with the seconds between which it shows; without an end it stays. */
interface Shown {
  readonly row: number;
  readonly line: Line;
  readonly from: number;
  readonly to: number | undefined;
}

/** An animated SVG of a recording. Where nothing is animated it shows the last moment. */
export function svgOf(title: string, moments: readonly Moment[], columns: number): string {
  const played = withShortPauses(moments);
  const shown = shownLines(played);
  const rows = Math.max(1, ...shown.filter(({ to }) => to === undefined).map(({ row }) => row + 1));
  const width = Math.round(columns * charWidth + 2 * padding);
  const height = rows * lineHeight + 3 * padding;
  const texts = shown.filter(({ row }) => row < rows).map(textOf);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<style>
text{font:${fontSize}px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#cdd9e5;white-space:pre}
.b{font-weight:bold}.d{opacity:.6}
@keyframes s{from{opacity:0}to{opacity:1}}@keyframes h{from{opacity:1}to{opacity:0}}
@media (prefers-reduced-motion:reduce){g{animation:none!important}}
</style>
<rect width="100%" height="100%" rx="8" fill="#1c2128"/>
${texts.join("\n")}
</svg>
`;
}

function withShortPauses(moments: readonly Moment[]): Moment[] {
  let [at, before] = [0, 0];
  return moments.map((moment) => {
    at += Math.min(maxPause, moment.at - before);
    before = moment.at;
    return { ...moment, at };
  });
}

function shownLines(moments: readonly Moment[]): Shown[] {
  const rows = Math.max(0, ...moments.map(({ lines }) => lines.length));
  return Array.from({ length: rows }, (_, row) => {
    const shown: Shown[] = [];
    for (const { at, lines } of moments) {
      const line = lines[row] ?? [];
      const last = shown.at(-1);
      if (last && last.to === undefined) {
        if (plainOf(last.line) === plainOf(line)) continue;
        shown.pop();
        if (at - last.from >= minShown) shown.push({ ...last, to: at });
      }
      if (plainOf(line) !== "") shown.push({ row, line, from: at, to: undefined });
    }
    return shown;
  }).flat();
}

function textOf({ row, line, from, to }: Shown): string {
  const shows = `s .01s ${from.toFixed(2)}s backwards`;
  const style =
    to === undefined
      ? `animation:${shows}`
      : `opacity:0;animation:s .01s ${from.toFixed(2)}s forwards,h .01s ${to.toFixed(2)}s forwards`;
  const spans = line.map(({ text, styles }) => {
    const classes = [...(styles.includes(1) ? ["b"] : []), ...(styles.includes(2) ? ["d"] : [])].join(" ");
    const colour = styles.map((code) => colours[code]).find((one) => one !== undefined);
    const attributes = `${classes && ` class="${classes}"`}${colour ? ` fill="${colour}"` : ""}`;
    return attributes === "" ? escaped(text) : `<tspan${attributes}>${escaped(text)}</tspan>`;
  });
  const y = Math.round(padding + (row + 1) * lineHeight);
  return `<g style="${style}"><text x="${padding}" y="${y}" xml:space="preserve">${spans.join("")}</text></g>`;
}

function plainOf(line: Line): string {
  return line.map(({ text }) => text).join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

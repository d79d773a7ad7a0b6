export interface Rgb {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

const names: readonly (readonly [number, string])[] = [
  [20, "red"],
  [45, "orange"],
  [70, "yellow"],
  [160, "green"],
  [200, "turquoise"],
  [255, "blue"],
  [300, "purple"],
  [340, "pink"],
  [360, "red"],
];
const warm = new Set(["red", "orange", "yellow", "pink"]);

/** Words for the mood of an image's dominant colour. */
export function vibesOf(colour: Rgb): string[] {
  const { hue, saturation, lightness } = hslOf(colour);
  const tone = lightness > 0.8 ? "bright" : lightness < 0.3 ? "dark" : "balanced";
  if (saturation < 0.12) return [tone, "neutral"];
  const name = names.find(([end]) => hue <= end)?.[1] ?? "red";
  return [tone, warm.has(name) ? "warm" : "cool", name];
}

function hslOf({ r, g, b }: Rgb) {
  const [red, green, blue] = [r / 255, g / 255, b / 255];
  const max = Math.max(red, green, blue);
  const min = Math.min(red, green, blue);
  const range = max - min;
  const lightness = (max + min) / 2;
  if (range === 0) return { hue: 0, saturation: 0, lightness };
  const saturation = range / (1 - Math.abs(2 * lightness - 1));
  const sector =
    max === red
      ? (green - blue) / range
      : max === green
        ? (blue - red) / range + 2
        : (red - green) / range + 4;
  return { hue: (sector * 60 + 360) % 360, saturation, lightness };
}

/**
 * Draws the sample images beside this file: `node samples/images/draw.ts`. It needs the fonts Liberation and DejaVu and
 * heif-enc, and is not run at any start: the images are committed as they are.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";

const folder = import.meta.dirname;
const sans = "Liberation Sans";
const serif = "Liberation Serif";
const mono = "Liberation Mono";

interface Drawing {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly svg: string;
  readonly as?: "rotated" | "png" | "webp" | "heic" | "truncated";
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

interface TextStyle {
  readonly font?: string;
  readonly colour?: string;
  readonly weight?: string;
  readonly anchor?: "start" | "middle" | "end";
  readonly style?: string;
}

function text(x: number, y: number, size: number, content: string, style: TextStyle = {}): string {
  const {
    font = sans,
    colour = "#222",
    weight = "normal",
    anchor = "start",
    style: slant = "normal",
  } = style;
  return `<text x="${x}" y="${y}" font-family="${font}" font-size="${size}" font-weight="${weight}" font-style="${slant}" fill="${colour}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

const rect = (x: number, y: number, width: number, height: number, fill: string, more = "") =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" ${more}/>`;
const circle = (x: number, y: number, radius: number, fill: string, more = "") =>
  `<circle cx="${x}" cy="${y}" r="${radius}" fill="${fill}" ${more}/>`;
const line = (x1: number, y1: number, x2: number, y2: number, stroke: string, width = 2, more = "") =>
  `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${stroke}" stroke-width="${width}" ${more}/>`;

const portrait = { width: 900, height: 1200 };
const landscape = { width: 1200, height: 640 };

function page(name: string, parts: readonly string[], as?: Drawing["as"], size = portrait): Drawing {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}">${parts.join("")}</svg>`;
  return { name, ...size, svg, ...(as === undefined ? {} : { as }) };
}

type Priced = readonly [dish: string, price: string];

function menu(
  name: string,
  title: string,
  motto: string,
  sections: Readonly<Record<string, readonly Priced[]>>,
  paper: string,
  ink: string,
): Drawing {
  const parts = [
    rect(0, 0, 900, 1200, paper),
    rect(30, 30, 840, 1140, "none", `stroke="${ink}" stroke-width="6"`),
    rect(44, 44, 812, 1112, "none", `stroke="${ink}" stroke-width="2"`),
    text(450, 150, 76, title, { font: serif, weight: "bold", colour: ink, anchor: "middle" }),
    text(450, 205, 32, motto, { font: serif, style: "italic", colour: ink, anchor: "middle" }),
    circle(450, 245, 7, ink),
    line(250, 245, 430, 245, ink),
    line(470, 245, 650, 245, ink),
  ];
  let y = 320;
  for (const [section, dishes] of Object.entries(sections)) {
    parts.push(text(450, y, 44, section, { font: serif, weight: "bold", colour: ink, anchor: "middle" }));
    y += 58;
    for (const [dish, price] of dishes) {
      parts.push(
        text(90, y, 34, dish, { font: serif }),
        text(810, y, 34, price, { font: serif, anchor: "end" }),
      );
      y += 50;
    }
    y += 40;
  }
  return page(name, parts);
}

function recipe(
  name: string,
  title: string,
  serves: string,
  ingredients: readonly string[],
  method: readonly string[],
  colour: string,
  as?: Drawing["as"],
): Drawing {
  const checks = Array.from({ length: 30 }, (_, at) =>
    rect((at % 15) * 60 + (at < 15 ? 0 : 30), at < 15 ? 0 : 30, 30, 30, colour, 'opacity="0.75"'),
  );
  const parts = [
    rect(0, 0, 900, 1200, "#fffdf6"),
    ...checks,
    text(60, 150, 64, title, { font: serif, weight: "bold", colour }),
    text(60, 202, 32, serves, { font: serif, style: "italic", colour: "#555" }),
    line(60, 225, 840, 225, colour, 4),
    text(60, 290, 40, "Ingredients", { weight: "bold", colour }),
  ];
  let y = 345;
  for (const ingredient of ingredients) {
    parts.push(circle(74, y - 11, 6, colour), text(100, y, 32, ingredient));
    y += 46;
  }
  y += 36;
  parts.push(text(60, y, 40, "Method", { weight: "bold", colour }));
  y += 56;
  method.forEach((step, at) => {
    parts.push(text(60, y, 32, `${at + 1}.`, { weight: "bold", colour }), text(105, y, 32, step));
    y += 48;
  });
  return page(name, parts, as);
}

function ticket(
  name: string,
  title: string,
  rows: readonly (readonly [string, string])[],
  stub: readonly string[],
  colour: string,
  as?: Drawing["as"],
): Drawing {
  const bars = Array.from({ length: 46 }, (_, at) =>
    rect(60 + at * 15, 520, [4, 9, 6, 3][at % 4] ?? 4, 80, "#111"),
  );
  const parts = [
    rect(0, 0, 1200, 640, "#e9e4da"),
    rect(30, 30, 1140, 580, "#fff", 'rx="24"'),
    rect(30, 30, 1140, 110, colour, 'rx="24"'),
    text(60, 108, 66, title, { weight: "bold", colour: "#fff" }),
    line(860, 40, 860, 600, "#999", 4, 'stroke-dasharray="14 12"'),
    circle(860, 30, 24, "#e9e4da"),
    circle(860, 610, 24, "#e9e4da"),
  ];
  rows.forEach(([label, value], at) => {
    const x = 60 + (at % 2) * 400;
    const y = 200 + Math.floor(at / 2) * 110;
    parts.push(text(x, y, 26, label, { colour: "#666" }), text(x, y + 48, 42, value, { weight: "bold" }));
  });
  stub.forEach((words, at) => {
    parts.push(
      text(1015, 240 + at * 66, at === 0 ? 48 : 36, words, { weight: "bold", colour, anchor: "middle" }),
    );
  });
  return page(name, [...parts, ...bars], as, landscape);
}

function timetable(
  name: string,
  title: string,
  subtitle: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  note: string,
  colour: string,
): Drawing {
  const parts = [
    rect(0, 0, 900, 1200, "#f7f9fc"),
    rect(0, 0, 900, 190, colour),
    text(50, 100, 70, title, { weight: "bold", colour: "#fff" }),
    text(50, 156, 36, subtitle, { colour: "#fff" }),
    rect(40, 220, 820, 64, "#dfe6f1"),
  ];
  const columns = header.map((_, at) => 60 + (at * 780) / header.length);
  header.forEach((words, at) => {
    parts.push(text(columns[at] ?? 0, 263, 32, words, { weight: "bold", colour }));
  });
  rows.forEach((row, index) => {
    const y = 340 + index * 64;
    if (index % 2 === 1) parts.push(rect(40, y - 44, 820, 62, "#eaf0f8"));
    row.forEach((cell, at) => {
      parts.push(text(columns[at] ?? 0, y, 34, cell, { font: at === 0 ? mono : sans }));
    });
  });
  parts.push(text(50, 1150, 28, note, { colour: "#555" }));
  return page(name, parts);
}

function checklist(
  name: string,
  title: string,
  items: readonly (readonly [string, boolean])[],
  accent: string,
): Drawing {
  const rules = Array.from({ length: 20 }, (_, at) =>
    line(0, 130 + at * 56, 900, 130 + at * 56, "#cfe0f0", 2),
  );
  const parts = [
    rect(0, 0, 900, 1200, "#fffef2"),
    ...rules,
    line(110, 0, 110, 1200, "#f2b5b5", 3),
    text(140, 118, 60, title, { weight: "bold", colour: accent }),
  ];
  items.forEach(([item, done], at) => {
    const y = 230 + at * 84;
    parts.push(
      rect(140, y - 36, 40, 40, "#fff", `stroke="${accent}" stroke-width="4"`),
      text(210, y, 40, item),
    );
    if (done)
      parts.push(`<path d="M148 ${y - 18} l12 14 l20 -30" fill="none" stroke="#2a8f4a" stroke-width="7"/>`);
  });
  return page(name, parts);
}

function notice(
  name: string,
  banner: string,
  title: string,
  lines: readonly string[],
  colour: string,
  as?: Drawing["as"],
): Drawing {
  const paper = as === "png" ? [] : [rect(0, 0, 900, 1200, "#fbfbfb")];
  const parts = [
    ...paper,
    rect(
      40,
      40,
      820,
      1120,
      as === "png" ? "#fffbe8" : "#fff",
      `rx="40" stroke="${colour}" stroke-width="14"`,
    ),
    rect(40, 40, 820, 190, colour, 'rx="40"'),
    text(450, 165, 84, banner, { weight: "bold", colour: "#fff", anchor: "middle" }),
    text(450, 340, 56, title, { weight: "bold", colour, anchor: "middle" }),
  ];
  lines.forEach((words, at) => {
    parts.push(text(450, 460 + at * 82, 42, words, { anchor: "middle" }));
  });
  return page(name, parts, as);
}

function poster(
  name: string,
  title: readonly string[],
  lines: readonly string[],
  [ground, shape, ink]: readonly [string, string, string],
  as?: Drawing["as"],
): Drawing {
  const parts = [
    rect(0, 0, 900, 1200, ground),
    circle(700, 260, 300, shape),
    circle(160, 1060, 220, shape, 'opacity="0.6"'),
    rect(0, 740, 900, 12, ink),
  ];
  title.forEach((words, at) => {
    parts.push(text(60, 250 + at * 140, 120, words, { weight: "bold", colour: ink }));
  });
  lines.forEach((words, at) => {
    parts.push(text(60, 840 + at * 76, 46, words, { colour: ink, weight: at === 0 ? "bold" : "normal" }));
  });
  return page(name, parts, as);
}

const drawings: readonly Drawing[] = [
  menu(
    "menu-harbour-cafe",
    "Harbour Cafe",
    "breakfast until eleven",
    {
      Breakfast: [
        ["Scrambled eggs on toast", "7.50"],
        ["Porridge with berries", "6.20"],
        ["Smoked salmon bagel", "9.80"],
      ],
      "Hot drinks": [
        ["Filter coffee", "2.90"],
        ["Flat white", "3.60"],
        ["Pot of green tea", "3.20"],
      ],
    },
    "#fdf6e7",
    "#23476b",
  ),
  menu(
    "menu-trattoria",
    "Trattoria Verde",
    "dinner from six",
    {
      Antipasti: [
        ["Bruschetta with tomato", "6.00"],
        ["Grilled vegetables", "8.50"],
      ],
      Pasta: [
        ["Spaghetti alle vongole", "14.00"],
        ["Lasagne with ragu", "13.00"],
        ["Gnocchi with sage butter", "12.50"],
      ],
    },
    "#f6faf0",
    "#2f5d34",
  ),
  menu(
    "menu-ice-cream",
    "Gelato Bar",
    "ice cream made every morning",
    {
      "Ice cream": [
        ["Vanilla scoop", "1.80"],
        ["Chocolate scoop", "1.80"],
        ["Strawberry sundae", "6.90"],
        ["Caramel sundae", "6.90"],
      ],
      Cakes: [
        ["Sweet waffle with cream", "5.40"],
        ["Lemon tart", "4.20"],
      ],
    },
    "#fff0f4",
    "#a3325a",
  ),
  recipe(
    "recipe-chocolate-cake",
    "Chocolate Cake",
    "a sweet dessert, serves ten",
    ["200 g dark chocolate", "180 g butter", "150 g sugar", "4 eggs", "100 g flour"],
    [
      "Preheat the oven to 180 degrees.",
      "Melt chocolate and butter together.",
      "Whisk eggs and sugar, then fold in.",
      "Add the flour and fill the tin.",
      "Bake for 35 minutes.",
    ],
    "#6b3f1d",
  ),
  recipe(
    "recipe-lentil-soup",
    "Red Lentil Soup",
    "a warm supper, serves four",
    ["250 g red lentils", "1 onion and 2 carrots", "1 litre vegetable stock", "cumin, salt, pepper"],
    [
      "Fry the chopped onion until soft.",
      "Add carrots, lentils and stock.",
      "Simmer for 20 minutes.",
      "Season with cumin and serve hot.",
    ],
    "#b4451c",
  ),
  recipe(
    "recipe-apple-pie",
    "Apple Pie",
    "sweet baking for a Sunday, serves eight",
    ["6 sour apples", "300 g flour", "150 g cold butter", "120 g brown sugar", "cinnamon"],
    [
      "Rub butter into flour, chill the dough.",
      "Slice apples, mix with sugar and cinnamon.",
      "Line the dish, fill, cover with a lid.",
      "Bake for 45 minutes until golden.",
    ],
    "#8a2f2f",
    "heic",
  ),
  ticket(
    "ticket-jazz-concert",
    "JAZZ NIGHT",
    [
      ["Date", "Friday 14 May"],
      ["Doors open", "19:30"],
      ["Hall", "River Club"],
      ["Seat", "Row C, 17"],
    ],
    ["ADMIT", "ONE", "No. 0481"],
    "#3b2a6b",
  ),
  ticket(
    "ticket-train",
    "RAIL TICKET",
    [
      ["From", "North Station"],
      ["To", "Lake City"],
      ["Valid on", "2 June"],
      ["Class", "Second, coach 8"],
    ],
    ["SINGLE", "Seat 54", "48.00"],
    "#0f5c4c",
  ),
  ticket(
    "ticket-museum",
    "CITY MUSEUM",
    [
      ["Exhibition", "Ancient Egypt"],
      ["Entry", "Sunday 10:00"],
      ["Category", "Adult"],
      ["Audio guide", "included"],
    ],
    ["ENTRY", "Gate B", "16.00"],
    "#7a4b12",
    "rotated",
  ),
  timetable(
    "timetable-trains",
    "Train Departures",
    "North Station, Monday to Friday",
    ["Time", "Destination", "Platform"],
    [
      ["06:12", "Lake City", "4"],
      ["06:48", "Old Harbour", "2"],
      ["07:05", "Airport Express", "1"],
      ["07:31", "Lake City", "4"],
      ["08:02", "Mill Valley", "6"],
      ["08:40", "Old Harbour", "2"],
      ["09:15", "Lake City", "4"],
      ["10:05", "Airport Express", "1"],
      ["11:20", "Mill Valley", "6"],
    ],
    "Trains may be late during track work.",
    "#16407d",
  ),
  timetable(
    "timetable-bus-42",
    "Bus 42",
    "Town Hall to Beach, every day",
    ["Town Hall", "Market", "Beach"],
    [
      ["08:00", "08:07", "08:25"],
      ["08:30", "08:37", "08:55"],
      ["09:00", "09:07", "09:25"],
      ["10:00", "10:07", "10:25"],
      ["12:00", "12:07", "12:25"],
      ["15:00", "15:07", "15:25"],
      ["18:00", "18:07", "18:25"],
    ],
    "The bus stops on request. Buy tickets from the driver.",
    "#a85a00",
  ),
  timetable(
    "timetable-ferry",
    "Island Ferry",
    "Sailings in summer",
    ["Leaves", "Arrives", "Boat"],
    [
      ["09:15", "10:05", "Car ferry"],
      ["11:00", "11:50", "Passengers"],
      ["13:30", "14:20", "Car ferry"],
      ["16:00", "16:50", "Passengers"],
      ["19:45", "20:35", "Car ferry"],
    ],
    "Be at the pier 20 minutes before sailing. No service in storms.",
    "#0d6478",
  ),
  checklist(
    "checklist-beach-holiday",
    "Packing: beach holiday",
    [
      ["Passport and tickets", true],
      ["Sunscreen", true],
      ["Swimsuit and towel", false],
      ["Sunglasses", false],
      ["Snorkel", false],
      ["Phone charger", true],
      ["Paperback novel", false],
    ],
    "#c2452d",
  ),
  checklist(
    "checklist-moving-house",
    "Moving house",
    [
      ["Book the van", true],
      ["Collect cardboard boxes", true],
      ["Cancel the electricity", false],
      ["Redirect the mail", false],
      ["Clean the old flat", false],
      ["Hand over the keys", false],
    ],
    "#2d5bc2",
  ),
  checklist(
    "checklist-groceries",
    "Shopping list",
    [
      ["Milk, 2 litres", true],
      ["Brown bread", false],
      ["Tomatoes", true],
      ["Rice and beans", false],
      ["Olive oil", false],
      ["Washing powder", false],
      ["Cat food", true],
    ],
    "#2f7a3d",
  ),
  notice(
    "notice-pool-hours",
    "OPEN",
    "Swimming Pool",
    [
      "Monday to Friday 7:00 to 21:00",
      "Saturday 9:00 to 18:00",
      "Sunday closed",
      "Shower before you swim",
      "No running, no diving",
    ],
    "#1273b5",
  ),
  notice(
    "notice-lost-cat",
    "LOST CAT",
    "Have you seen our cat?",
    [
      "Grey tabby with white paws",
      "Wears a red collar with a bell",
      "Missing since Tuesday",
      "near Garden Street",
      "Reward for the finder",
    ],
    "#b51f2a",
    "png",
  ),
  notice(
    "notice-library-closed",
    "CLOSED",
    "Public Library",
    [
      "Closed for renovation",
      "from 3 to 28 August",
      "Return books at the town hall",
      "Reading room reopens",
      "on 1 September",
    ],
    "#5b4a8a",
  ),
  poster(
    "poster-film-festival",
    ["OPEN AIR", "FILM", "FESTIVAL"],
    [
      "12 to 20 July, City Park",
      "Classic movies under the stars",
      "Bring a blanket",
      "Free entry after nine",
    ],
    ["#14213d", "#fca311", "#ffffff"],
  ),
  poster(
    "poster-flea-market",
    ["FLEA", "MARKET"],
    [
      "Sunday from 8 to 14",
      "Old Factory Yard",
      "Furniture, records, vintage clothes",
      "Stalls from 10 per metre",
    ],
    ["#f4d35e", "#ee964b", "#0d3b66"],
    "webp",
  ),
  poster(
    "poster-yoga",
    ["YOGA", "IN THE", "PARK"],
    ["Every Wednesday at 18:00", "Beginners are welcome", "Stretch, breathe, relax", "Mats can be borrowed"],
    ["#d8f3dc", "#95d5b2", "#1b4332"],
  ),
  notice(
    "notice-dentist",
    "REMINDER",
    "Dentist appointment",
    [
      "Thursday 9 October, 8:40",
      "Check-up and cleaning",
      "Please bring your insurance card",
      "Call us a day before to cancel",
    ],
    "#0a7d7d",
  ),
  checklist(
    "checklist-workout",
    "Workout plan",
    [
      ["Warm up, 10 minutes", true],
      ["Squats, 3 sets of 12", true],
      ["Push-ups, 3 sets of 10", false],
      ["Plank, 60 seconds", false],
      ["Run 5 kilometres", false],
      ["Stretching", false],
    ],
    "#7a2d8a",
  ),
  notice(
    "truncated-upload",
    "BROKEN",
    "Half a file",
    ["This upload was cut off", "in the middle of its bytes"],
    "#666666",
    "truncated",
  ),
];

const maxBytes = 42_500;

/** The highest quality with which the file has its size. */
async function jpeg(image: sharp.Sharp): Promise<Buffer> {
  let smallest: Buffer = Buffer.alloc(0);
  for (let quality = 88; quality >= 30; quality -= 4) {
    smallest = await image.clone().jpeg({ quality, mozjpeg: false }).toBuffer();
    if (smallest.length <= maxBytes) return smallest;
  }
  return smallest;
}

async function draw({ name, svg, as }: Drawing): Promise<void> {
  const image = sharp(Buffer.from(svg));
  switch (as) {
    case "png":
      writeFileSync(
        join(folder, `${name}.png`),
        await image.png({ palette: false, compressionLevel: 9 }).toBuffer(),
      );
      return;
    case "webp":
      writeFileSync(join(folder, `${name}.webp`), await image.flatten().webp({ quality: 80 }).toBuffer());
      return;
    case "rotated": {
      const turned = await image.flatten({ background: "#fff" }).rotate(-90).toBuffer();
      const upright = sharp(turned).withMetadata({ orientation: 6 });
      writeFileSync(join(folder, `${name}.jpg`), await jpeg(upright));
      return;
    }
    case "heic": {
      const scratch = mkdtempSync(join(tmpdir(), "heic-"));
      const png = join(scratch, "image.png");
      await image.flatten({ background: "#fff" }).png().toFile(png);
      execFileSync("heif-enc", ["-q", "55", png, "-o", join(folder, `${name}.heic`)]);
      rmSync(scratch, { recursive: true });
      return;
    }
    case "truncated": {
      const whole = await jpeg(image.flatten({ background: "#fff" }));
      writeFileSync(join(folder, `${name}.jpg`), whole.subarray(0, Math.floor(whole.length / 2)));
      return;
    }
    default:
      writeFileSync(join(folder, `${name}.jpg`), await jpeg(image.flatten({ background: "#fff" })));
  }
}

for (const drawing of drawings) await draw(drawing);

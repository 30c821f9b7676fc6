import { encodePng } from '../../common/png.js';
import { renderSvg } from './render.js';
import { COLORS, FONT_FAMILY, TEXT } from './style.js';

export interface SamplePrediction {
  /** `height × width × channels` bytes. */
  readonly image: Uint8Array;
  /** Class indices. */
  readonly label: number;
  readonly predicted: number;
  /** Of the predicted class, in [0, 1]. */
  readonly probability: number;
}

export interface SamplePredictions {
  readonly title: string;
  readonly subtitle: string;
  /** [height, width, channels]: grey (1) or RGB (3). */
  readonly imageShape: readonly [number, number, number];
  readonly classNames: readonly string[];
  /** Drawn in this order, row by row. */
  readonly samples: readonly SamplePrediction[];
}

/** CSS pixels. */
const CELL = { width: 164, height: 182 };
const IMAGE_SIDE = 112;
const MARGIN = { x: 24, top: 76, bottom: 16 };
const COLUMNS = 5;
const LONGEST_NAME = 12;

/** Images with their true and predicted class; wrong ones in red with a cross. 1736 pixels wide. */
export async function plotSamplePredictions(plot: SamplePredictions): Promise<Buffer> {
  const rows = Math.max(1, Math.ceil(plot.samples.length / COLUMNS));
  const width = 2 * MARGIN.x + COLUMNS * CELL.width;
  const height = MARGIN.top + rows * CELL.height + MARGIN.bottom;
  const cells = plot.samples.map((sample, index) => {
    const x = MARGIN.x + (index % COLUMNS) * CELL.width;
    const y = MARGIN.top + Math.floor(index / COLUMNS) * CELL.height;
    return `<g transform="translate(${x} ${y})">${drawCell(sample, plot)}</g>`;
  });
  return renderSvg(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `font-family="${FONT_FAMILY}" text-anchor="middle" fill="${COLORS.ink}">` +
      text(plot.title, width / 2, 32, `font-size="${TEXT.title}" font-weight="bold"`) +
      text(plot.subtitle, width / 2, 54, `font-size="${TEXT.subtitle}" fill="${COLORS.muted}"`) +
      `${cells.join('')}</svg>`,
  );
}

function drawCell(
  { image, label, predicted, probability }: SamplePrediction,
  { imageShape, classNames }: SamplePredictions,
): string {
  const right = label === predicted;
  const color = right ? COLORS.muted : COLORS.wrong;
  const left = (CELL.width - IMAGE_SIDE) / 2;
  const box = `x="${left}" y="0" width="${IMAGE_SIDE}" height="${IMAGE_SIDE}"`;
  const nameOf = (index: number) => shorten(classNames[index] ?? String(index));
  return (
    // optimizeSpeed is SVG 1.1's word for "pixels stay square".
    `<image ${box} image-rendering="optimizeSpeed" href="${dataUri(image, imageShape)}"/>` +
    `<rect ${box} fill="none" stroke="${color}" stroke-width="${right ? 1 : 3}"/>` +
    caption(0, `true ${nameOf(label)}`, COLORS.ink) +
    caption(1, `${right ? '✓' : '✗'} predicted ${nameOf(predicted)}`, right ? COLORS.ink : COLORS.wrong) +
    caption(2, `probability ${probabilityText(probability)}`, COLORS.muted)
  );
}

const caption = (line: number, content: string, color: string): string =>
  text(content, CELL.width / 2, IMAGE_SIDE + 18 + 15 * line, `font-size="${TEXT.small}" fill="${color}"`);

function dataUri(image: Uint8Array, [height, width, channels]: readonly [number, number, number]): string {
  if (channels !== 1 && channels !== 3) throw new RangeError(`no picture of ${channels} channels: 1 or 3`);
  return `data:image/png;base64,${encodePng(image, [height, width, channels]).toString('base64')}`;
}

/** Never `100.0 %` for what is not certain. */
const probabilityText = (probability: number): string =>
  probability < 1 && probability >= 0.9995 ? '> 99.9 %' : `${(probability * 100).toFixed(1)} %`;

const text = (content: string, x: number, y: number, attributes: string): string =>
  `<text x="${x}" y="${y}" ${attributes}>${escapeXml(content)}</text>`;

const shorten = (name: string): string =>
  name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeXml = (content: string): string => content.replace(/[&<>"]/g, (char) => ESCAPES[char] ?? char);

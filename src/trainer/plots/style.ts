/** How all pictures look: white, and in the palette of Okabe and Ito, which colour-blind readers can tell apart. */
export const COLORS = {
  blue: '#0072B2',
  vermilion: '#D55E00',
  /** Red enough to be read as "wrong", dark enough for text on white. */
  wrong: '#C00000',
  ink: '#222222',
  muted: '#666666',
  grid: '#E4E4E4',
  paper: '#FFFFFF',
} as const;

/** Family of the font files that render.ts loads. */
export const FONT_FAMILY = 'DejaVu Sans';

export const TEXT = { title: 18, subtitle: 12, label: 13, small: 11 } as const;

/** `98.77 %`; two digits, because one is too coarse near 100 %. */
export const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
/** `10,000`, whatever the locale of the machine. */
export const thousands = (count: number): string => count.toLocaleString('en-US');

/** `from` blended towards `to` by `share` in [0, 1]; both `#RRGGBB`. */
export function blend(from: string, to: string, share: number): string {
  const channel = (at: number): string => {
    const start = parseInt(from.slice(at, at + 2), 16);
    const end = parseInt(to.slice(at, at + 2), 16);
    return Math.round(start + (end - start) * share)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}

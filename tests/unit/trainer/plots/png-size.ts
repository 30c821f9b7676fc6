/** Width and height in the header of a PNG, which has to begin as one and to end as one. */
export function pngSize(png: Buffer): { width: number; height: number } {
  const signature = png.subarray(0, 8).toString('latin1');
  const trailer = png.subarray(-8, -4).toString('latin1');
  if (signature !== '\x89PNG\r\n\x1a\n' || trailer !== 'IEND') throw new Error('not a whole PNG');
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

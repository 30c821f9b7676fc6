/** Names of classes and hosts, and messages, are anybody's: as Markdown none of them is markup, and none ends a row. */
export const markdownText = (raw: string): string =>
  raw
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]|#!~]/g, '\\$&');

/** Where this machine's own packages come from, by what apt is configured for. */

export interface DebianMirror {
  readonly uri: string;
  /** File that its signatures are checked with, where the source names one. */
  readonly keyring?: string;
}

export interface SourcesFile {
  readonly name: string;
  readonly text: string;
}

interface Source {
  readonly types: readonly string[];
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  readonly signedBy: string | undefined;
}

/** What debootstrap can fetch from. */
const FETCHABLE = /^(https?|file):/;

/** The first source that has the distribution's own packages of a suite, e.g. `bookworm`. */
export function findMirror(files: readonly SourcesFile[], suite: string): DebianMirror | undefined {
  const sources = files.flatMap(({ name, text }) =>
    name.endsWith('.sources') ? parseStanzas(text) : parseLines(text),
  );
  for (const { types, uris, suites, components, signedBy } of sources) {
    const uri = uris.find((candidate) => FETCHABLE.test(candidate));
    if (uri === undefined || !types.includes('deb')) continue;
    if (!suites.includes(suite) || !components.includes('main')) continue;
    // A key itself may stand there, too, and fingerprints: those debootstrap does not take.
    return signedBy?.startsWith('/') === true ? { uri, keyring: signedBy } : { uri };
  }
  return undefined;
}

/** sources.list: `deb [signed-by=FILE] URI SUITE COMPONENT…` */
function parseLines(text: string): readonly Source[] {
  return text.split('\n').flatMap((line) => {
    const [, type, options = '', rest] = /^\s*(deb(?:-src)?)\s+(?:\[([^\]]*)\]\s+)?([^#]+)/.exec(line) ?? [];
    const [uri, suite, ...components] = words(rest);
    if (type === undefined || uri === undefined || suite === undefined) return [];
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
    return [{ types: [type], uris: [uri], suites: [suite], components, signedBy }];
  });
}

/** *.sources: stanzas of `Field: value`, a blank line between two; lines that begin with a space go on. */
function parseStanzas(text: string): readonly Source[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return lines
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap((stanza) => {
      const field = (name: string): string | undefined =>
        new RegExp(`^${name}:((?:.*)(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1]?.trim();
      if (field('Enabled')?.toLowerCase() === 'no') return [];
      return [
        {
          types: words(field('Types')),
          uris: words(field('URIs')),
          suites: words(field('Suites')),
          components: words(field('Components')),
          signedBy: field('Signed-By'),
        },
      ];
    });
}

const words = (text = ''): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

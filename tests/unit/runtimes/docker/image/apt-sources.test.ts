import { describe, expect, it } from 'vitest';
import { findMirror } from '../../../../../runtimes/docker/image/apt-sources.js';

const find = (text: string, name = 'sources.list') => findMirror([{ name, text }], 'bookworm');

describe("the mirror that apt's sources name", () => {
  it('is found in the old format', () => {
    expect(find('deb http://mirror.example/debian bookworm main contrib # ours')).toEqual({
      uri: 'http://mirror.example/debian',
    });
    expect(
      find(
        'deb [arch=amd64 signed-by=/usr/share/keyrings/d.gpg] https://mirror.example/debian/ bookworm main',
      ),
    ).toEqual({ uri: 'https://mirror.example/debian/', keyring: '/usr/share/keyrings/d.gpg' });
  });

  it('is found in the new format', () => {
    const text = [
      '# Comment: of somebody',
      'Types: deb deb-src',
      '# in between',
      'URIs: http://mirror.example/debian',
      'Suites: bookworm bookworm-updates',
      'Components: main',
      'Signed-By: /usr/share/keyrings/d.gpg',
    ].join('\n');
    expect(find(text, 'debian.sources')).toEqual({
      uri: 'http://mirror.example/debian',
      keyring: '/usr/share/keyrings/d.gpg',
    });
  });

  it('takes no file for a key that stands there itself', () => {
    const key = 'Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ';
    const text = `Types: deb\nURIs: http://mirror.example/d\nSuites: bookworm\nComponents: main\n${key}\n`;
    expect(find(text, 'debian.sources')).toEqual({ uri: 'http://mirror.example/d' });
  });

  it('is that of the distribution itself, and not of updates, sources or other packages', () => {
    const others = [
      '# deb http://commented.example/debian bookworm main',
      'deb-src http://mirror.example/debian bookworm main',
      'deb http://mirror.example/debian bookworm-updates main',
      'deb http://mirror.example/debian trixie main',
      'deb http://tools.example/apt bookworm stable',
      'deb cdrom:[Debian]/ bookworm main',
      'deb mirror+file:/etc/apt/mirrors/debian.list bookworm main',
    ].join('\n');
    expect(find(others)).toBeUndefined();
    expect(find(`${others}\ndeb http://mirror.example/debian bookworm main`)).toEqual({
      uri: 'http://mirror.example/debian',
    });
  });

  it('passes over what is switched off, and looks into every stanza and file', () => {
    const stanza = (uri: string, rest = '') =>
      `Types: deb\nURIs: ${uri}\nSuites: bookworm\nComponents: main\n${rest}`;
    const text = `${stanza('http://off.example/d', 'Enabled: no\n')}\n${stanza('http://on.example/d')}`;
    expect(
      findMirror(
        [
          { name: 'sources.list', text: '' },
          { name: 'debian.sources', text },
        ],
        'bookworm',
      ),
    ).toEqual({ uri: 'http://on.example/d' });
  });
});

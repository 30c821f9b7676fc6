import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RunnerError } from '../../contract/errors.js';
import { lastLines } from '../../common/last-lines.js';
import { PLATFORM } from '../cache.js';
import { tfjsNodeFolder } from '../packages.js';
import type { Provisioning } from './context.js';
import { runCommand } from './run-command.js';

const COPIED = [
  'package.json',
  'scripts/install.js',
  'scripts/deps-constants.js',
  'scripts/get-addon-name.js',
  // Where users of tfjs-node name a library of their own.
  'scripts/custom-binary.json',
] as const;

/** Stands in for the script's own download, which checks no status: writes the address down and stops there. */
const RESOURCES = `
exports.downloadAndUnpackResource = (uri) => {
  require('node:fs').writeFileSync('address.txt', uri);
  process.exit(0);
};
`;
/** The script clears its scratch folder with an interface that rimraf has long dropped. */
const RIMRAF = `
module.exports = (path, done) => require('node:fs').rm(path, { recursive: true, force: true }, done);
`;

/**
 * Where the vendor keeps the library for this platform. tfjs-node's install script knows, and its variables
 * (TFJS_NODE_BASE_URI, TFJS_NODE_CDN_STORAGE, custom-binary.json) hold: a copy of it is asked.
 * @throws RunnerError `platform-unsupported` if the script knows no library for this platform
 */
export async function vendorAddress(dir: string, provisioning: Provisioning): Promise<string> {
  const scratch = join(dir, 'vendor-script');
  try {
    for (const path of COPIED) {
      const from = join(tfjsNodeFolder(), path);
      const to = join(scratch, path);
      await mkdir(dirname(to), { recursive: true });
      if (existsSync(from)) await copyFile(from, to);
    }
    await writeFile(join(scratch, 'scripts/resources.js'), RESOURCES);
    await mkdir(join(scratch, 'node_modules/rimraf'), { recursive: true });
    await writeFile(join(scratch, 'node_modules/rimraf/index.js'), RIMRAF);
    const script = [process.execPath, 'scripts/install.js', 'cpu', 'download'];
    const { output } = await runCommand(script, provisioning, { cwd: scratch });
    return await readFile(join(scratch, 'address.txt'), 'utf8').catch(() => {
      throw new RunnerError(
        'platform-unsupported',
        `tfjs-node's install script names no library for ${PLATFORM}:\n${lastLines(output, 2)}`,
      );
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

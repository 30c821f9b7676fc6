import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../../common/temporary-directory.js';

/** A folder with an nvidia-smi that prints and ends like this; removed with `using`. */
export function smiThatPrints(output: string, status = 0) {
  const folder = temporaryDirectory();
  const path = join(folder.path, 'nvidia-smi');
  writeFileSync(path, `#!/bin/sh\necho '${output}'\nexit ${status}\n`);
  chmodSync(path, 0o755);
  return folder;
}

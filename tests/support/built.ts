import { ensureBuilt } from '../../scripts/lib/checkout.mjs';

/** The command is tested as it is shipped: compiled. */
export default function setup(): void {
  ensureBuilt();
}

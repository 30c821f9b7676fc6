import { execa } from 'execa';

/** Shows a page in the user's browser. Where there is none, nothing happens: the address is told anyway. */
export async function openBrowser(address: string, env: NodeJS.ProcessEnv): Promise<void> {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  await execa(program, [address], {
    env,
    extendEnv: false,
    stdio: 'ignore',
    reject: false,
    timeout: OPEN_MS,
  });
}

/** xdg-open hands over to a browser that runs, or becomes one: that is then left to itself. */
const OPEN_MS = 5_000;

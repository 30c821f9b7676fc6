/** The version of NVIDIA's driver, as the kernel has it: a container that is given a card is shown the same file. */
import { readFileSync } from 'node:fs';

export const VERSION_FILE = '/proc/driver/nvidia/version';

type Read = (path: string) => string | undefined;

/** Such as `550.54.14`; null without one, or where it is not shown, as in WSL. */
export const kernelDriver = (read: Read = readIfThere): string | null => driverOf(read(VERSION_FILE));

/** `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb …`, or `… Open Kernel Module for x86_64  …` */
export const driverOf = (version: string | undefined): string | null =>
  /^NVRM version:.*?\s(\d+\.\d+(?:\.\d+)?)\s/m.exec(version ?? '')?.[1] ?? null;

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
